/* Check Merkle proofs of epochs in this browser: leaf, path and root (keccak-256), and the root that a contract has, as
   the reader's wallet reads it. No library; the page needs no answer of the server for it. */
(() => {
  "use strict";
  const ROUNDS = ["1", "8082", "800000000000808a", "8000000080008000", "808b", "80000001", "8000000080008081",
    "8000000000008009", "8a", "88", "80008009", "8000000a", "8000808b", "800000000000008b", "8000000000008089",
    "8000000000008003", "8000000000008002", "8000000000000080", "800a", "800000008000000a", "8000000080008081",
    "8000000000008080", "80000001", "8000000080008008"].map((hex) => BigInt("0x" + hex));
  const RATE = 136, PATIENCE_MS = 15000;
  const rotate = (lane, bits) => BigInt.asUintN(64, (lane << BigInt(bits)) | (lane >> BigInt(64 - bits)));

  function permute(state) {
    for (const constant of ROUNDS) {
      const column = [0, 1, 2, 3, 4].map((x) => state[x] ^ state[x + 5] ^ state[x + 10] ^ state[x + 15] ^ state[x + 20]);
      for (let i = 0; i < 25; i++) state[i] ^= column[(i + 4) % 5] ^ rotate(column[(i + 1) % 5], 1);
      let x = 1, y = 0, lane = state[1];
      for (let t = 0; t < 24; t++) {
        [x, y] = [y, (2 * x + 3 * y) % 5];
        const next = state[x + 5 * y];
        state[x + 5 * y] = rotate(lane, ((t + 1) * (t + 2) / 2) % 64);
        lane = next;
      }
      for (let row = 0; row < 25; row += 5) {
        const old = [...state.slice(row, row + 5)];
        for (let i = 0; i < 5; i++) state[row + i] = old[i] ^ (~old[(i + 1) % 5] & old[(i + 2) % 5]);
      }
      state[0] ^= constant;
    }
  }

  function keccak256(bytes) {
    const padded = new Uint8Array((Math.floor(bytes.length / RATE) + 1) * RATE), state = new BigUint64Array(25);
    padded.set(bytes); padded[bytes.length] |= 1; padded[padded.length - 1] |= 0x80;
    const view = new DataView(padded.buffer), digest = new DataView(new ArrayBuffer(32));
    for (let block = 0; block < padded.length; block += RATE) {
      for (let i = 0; i < RATE / 8; i++) state[i] ^= view.getBigUint64(block + 8 * i, true);
      permute(state);
    }
    for (let i = 0; i < 4; i++) digest.setBigUint64(8 * i, state[i], true);
    return new Uint8Array(digest.buffer);
  }

  const fromHex = (text, size) => {
    if (!/^0x([0-9a-f]{2})*$/i.test(text) || (size && text.length !== 2 + 2 * size)) throw new Error(`${text} is no value of ${size} bytes`);
    return Uint8Array.from(text.slice(2).match(/../g) || [], (pair) => parseInt(pair, 16));
  };
  const toHex = (bytes) => "0x" + [...bytes].map((b) => b.toString(16).padStart(2, "0")).join("");
  const word = (number) => {
    const value = BigInt(number);
    if (value < 0n || value >> 256n) throw new Error(`${number} does not fit 256 bits`);
    return value.toString(16).padStart(64, "0");
  };
  // As Solidity's abi.encode of (string, address, uint256, uint256).
  function leafHash([kind, address, amount, epoch]) {
    const text = new TextEncoder().encode(kind), padded = toHex(text).slice(2).padEnd(Math.ceil(text.length / 32) * 64, "0");
    fromHex(address, 20);
    const encoded = word(128) + address.slice(2).toLowerCase().padStart(64, "0") + word(amount) + word(epoch) + word(text.length) + padded;
    return toHex(keccak256(keccak256(fromHex("0x" + encoded))));
  }
  // Hashes of one length in lower case are ordered as their bytes are.
  const above = (one, other) => toHex(keccak256(fromHex("0x" + [one, other].sort().map((hash) => hash.slice(2)).join(""))));
  function rootOf(value, proof) {
    return proof.reduce((hash, sibling) => { fromHex(sibling, 32); return above(hash, sibling.toLowerCase()); }, leafHash(value));
  }

  function findWallet() {
    return new Promise((resolve) => {
      window.addEventListener("eip6963:announceProvider", (e) => resolve(e.detail?.provider));
      window.dispatchEvent(new Event("eip6963:requestProvider"));
      setTimeout(() => resolve(window.ethereum || null), 300);
    });
  }
  const late = (promise) => Promise.race([promise, new Promise((_, fail) => setTimeout(() => fail(new Error("timeout")), PATIENCE_MS))]);
  // The root that the contract has for an epoch. Throws the name of the reason why it cannot be read.
  async function anchoredRoot(chain, epoch) {
    if (!chain.settlement) throw "noChain";
    const wallet = await findWallet();
    if (!wallet) throw "noWallet";
    const ask = (method, params = []) => late(wallet.request({ method, params })).catch(() => { throw "noAnswer"; });
    if (BigInt(await ask("eth_chainId")) !== BigInt(chain.id)) throw "otherChain";
    const call = (data) => ask("eth_call", [{ to: chain.settlement, data }, "latest"]);
    const last = await call(chain.lastCall);
    if (!/^0x[0-9a-f]{64}$/i.test(last)) throw "noContract";
    if (BigInt(last) < BigInt(epoch)) throw "notAnchored";
    return (await call(chain.rootCall + word(epoch))).toLowerCase();
  }

  function show(box, state, text, leaves = []) {
    box.classList.remove("is-ok", "is-risk", "is-warn");
    box.classList.add({ right: "is-ok", wrong: "is-risk" }[state] || "is-warn");
    box.dataset.state = state; box.querySelector("[data-text]").textContent = text;
    box.querySelector("[data-leaves]").replaceChildren(...leaves.map((leaf) => Object.assign(document.createElement("li"), { textContent: leaf })));
  }
  // Which check is the latest: an answer for an earlier one is not shown any more.
  let turn = 0;
  async function check(page, box, proof, matches) {
    const mine = ++turn, texts = page.dataset;
    let root, wrong, leaves;
    try {
      root = String(proof.root).toLowerCase();
      fromHex(root, 32);
      if (!proof.leaves.length) throw new Error("no leaves");
      wrong = proof.leaves.filter((leaf) => rootOf(leaf.value, leaf.proof) !== root);
      leaves = proof.leaves.map(({ value }) => texts.leaf.replace(/\{(\d)\}/g, (_, place) => String(value[place])));
    } catch (error) { return show(box, "unknown", `${texts.unreadable} ${error.message}`); }
    if (wrong.length) return show(box, "wrong", `${texts.wrongLeaf} ${wrong.map((leaf) => leaf.value[0]).join(", ")}`);
    show(box, "unknown", texts.reading);
    const epoch = proof.leaves[0].value[3];
    if (proof.leaves.some((leaf) => String(leaf.value[3]) !== String(epoch))) return show(box, "wrong", texts.mixedEpochs);
    const chain = { id: texts.chainId, settlement: texts.settlement, lastCall: texts.lastCall, rootCall: texts.rootCall };
    let answer;
    try {
      const anchored = await anchoredRoot(chain, epoch);
      answer = anchored === root ? ["right", texts.right, leaves] : ["wrong", `${texts.wrongRoot} ${anchored}`];
    } catch (reason) { answer = ["unknown", `${matches} ${texts[typeof reason === "string" ? reason : "noAnswer"]}`, leaves]; }
    if (mine === turn) show(box, ...answer);
  }
  // Numbers of more digits than JavaScript reads exactly become texts.
  const parse = (text) => JSON.parse(text.replace(/([[,:]\s*)(\d{16,})(?=\s*[,\]}])/g, '$1"$2"'));

  const page = document.getElementById("proof");
  if (page) {
    const box = page.querySelector("[data-result]"), form = page.querySelector("[data-paste]");
    if (page.dataset.proof) check(page, box, JSON.parse(page.dataset.proof), page.dataset.matchesPublished);
    // A result is that of the text that was checked.
    form?.addEventListener("input", () => { turn++; box.hidden = true; });
    form?.addEventListener("submit", (event) => {
      event.preventDefault();
      let proof;
      box.hidden = false;
      try { proof = parse(form.elements.proof.value); } catch (error) { turn++; return show(box, "unknown", `${page.dataset.unreadable} ${error.message}`); }
      check(page, box, { root: proof?.root, leaves: Array.isArray(proof?.leaves) ? proof.leaves : [] }, page.dataset.matchesPasted);
    });
  }
  if (typeof module === "object") module.exports = { keccak256, leafHash, rootOf, toHex };
})();
