/* Send a prepared transaction with a wallet of the browser (EIP-6963 and EIP-1193). Buttons stay hidden without one. */
(() => {
  "use strict";
  const buttons = [...document.querySelectorAll("[data-send]")];
  let wallet = null;
  const offer = (provider) => { if (provider && !wallet) { wallet = provider; buttons.forEach((b) => { b.hidden = false; }); } };
  async function change(chainId, d) {
    try { await wallet.request({ method: "wallet_switchEthereumChain", params: [{ chainId }] }); } catch (error) {
      // 4902: the wallet does not know the chain yet.
      if (error?.code !== 4902 || !d.rpc) throw error;
      await wallet.request({ method: "wallet_addEthereumChain", params: [{ chainId, chainName: d.chainName, rpcUrls: [d.rpc], nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 } }] });
    }
  }
  async function send(button) {
    const note = button.closest("li").querySelector("[data-sent]"), d = button.dataset;
    button.disabled = true; note.textContent = note.dataset.waiting;
    try {
      const [from] = await wallet.request({ method: "eth_requestAccounts" });
      // Only the owner's tokens are locked for the owner: another account of the wallet would bring in its own.
      if (d.from && from.toLowerCase() !== d.from.toLowerCase()) throw new Error(note.dataset.wrong);
      if (BigInt(await wallet.request({ method: "eth_chainId" })) !== BigInt(d.chain)) await change("0x" + Number(d.chain).toString(16), d);
      const hash = await wallet.request({ method: "eth_sendTransaction", params: [{ from, to: d.to, data: d.calldata, value: "0x0" }] });
      note.textContent = note.dataset.done + " " + hash;
    } catch (error) {
      button.disabled = false; note.textContent = note.dataset.failed + " " + (error?.message || error);
    }
  }
  buttons.forEach((button) => button.addEventListener("click", () => send(button)));
  window.addEventListener("eip6963:announceProvider", (e) => offer(e.detail?.provider));
  window.dispatchEvent(new Event("eip6963:requestProvider"));
  setTimeout(() => offer(window.ethereum), 300);
})();
