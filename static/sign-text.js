/* Sign the text of a review with a wallet of the browser (EIP-6963, EIP-1193) and send the form. Hidden without one. */
(() => {
  "use strict";
  const button = document.querySelector("[data-sign]"), form = button.form, note = form.querySelector("[data-status]");
  const text = document.getElementById("text-to-sign").textContent;
  const hex = "0x" + [...new TextEncoder().encode(text)].map((b) => b.toString(16).padStart(2, "0")).join("");
  let wallet = null;
  const offer = (provider) => { if (provider && !wallet) { wallet = provider; button.hidden = false; } };
  button.addEventListener("click", async () => {
    button.disabled = true; note.textContent = note.dataset.waiting;
    try {
      const [from] = await wallet.request({ method: "eth_requestAccounts" });
      if (from.toLowerCase() !== button.dataset.sign.toLowerCase()) throw new Error(note.dataset.wrong);
      form.elements.signature.value = await wallet.request({ method: "personal_sign", params: [hex, from] });
      form.requestSubmit();
    } catch (error) {
      button.disabled = false; note.textContent = note.dataset.failed + (error?.message || error);
    }
  });
  window.addEventListener("eip6963:announceProvider", (e) => offer(e.detail?.provider));
  window.dispatchEvent(new Event("eip6963:requestProvider"));
  setTimeout(() => offer(window.ethereum), 300);
})();
