/* Sign-in with a wallet of the browser: EIP-6963 finds them, EIP-1193 asks them, the server checks what they signed. */
(() => {
  "use strict";
  const box = document.getElementById("signin"), $ = (s) => box.querySelector(s), form = $("form"), status = $("[data-status]"), seen = new Set();
  const hex = (text) => "0x" + [...new TextEncoder().encode(text)].map((b) => b.toString(16).padStart(2, "0")).join("");
  const buttons = (off) => box.querySelectorAll("[data-wallets] button").forEach((b) => { b.disabled = off; });
  async function challenge(address) {
    const answer = await fetch(box.dataset.nonceUrl, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ address }), credentials: "omit" });
    const said = await answer.json();
    if (!answer.ok) throw new Error(box.dataset[said.code] || box.dataset.refused);
    return said.message;
  }
  async function signIn(provider) {
    buttons(true); status.textContent = box.dataset.working;
    try {
      const [address] = await provider.request({ method: "eth_requestAccounts" });
      const message = await challenge(address);
      const signature = await provider.request({ method: "personal_sign", params: [hex(message), address] });
      form.elements.message.value = message; form.elements.signature.value = signature; form.submit();
    } catch (error) {
      buttons(false);
      status.textContent = error?.code === 4001 ? box.dataset.rejected : box.dataset.failed + (error?.message || error);
    }
  }
  function offer(provider, name, icon) {
    if (!provider || seen.has(provider)) return;
    seen.add(provider);
    const button = $("template").content.firstElementChild.cloneNode(true);
    button.querySelector("span").textContent = name;
    if (/^data:image\//.test(icon || "")) {
      const image = Object.assign(new Image(20, 20), { src: icon, alt: "" });
      image.className = "icon"; button.querySelector("svg").replaceWith(image);
    }
    button.addEventListener("click", () => signIn(provider));
    $("[data-wallets]").append(button); $("[data-none]").classList.add("is-off");
  }
  window.addEventListener("eip6963:announceProvider", (e) => offer(e.detail?.provider, e.detail?.info?.name || "?", e.detail?.info?.icon));
  window.dispatchEvent(new Event("eip6963:requestProvider"));
  // A wallet that knows only the old way puts itself there; one that announced itself is not offered twice.
  setTimeout(() => { if (!seen.size) offer(window.ethereum, "Ethereum"); $("[data-none]").classList.toggle("is-off", seen.size > 0); }, 300);
})();
