// A C2SP tlog-proof checked in the browser: from an entry's bytes by SHA-256 up to the root, and the note that signs it.
// Strict like the server's reader. Indexes and sizes are BigInt: they may pass what a number holds.
const HEADER = "c2sp.org/tlog-proof@v1";
const MAX = 2n ** 63n - 1n;
const MAX_NOTE = 1 << 20;
const utf8 = new TextEncoder();

export class BadProof extends Error {
  constructor(claim, detail) {
    super(`${claim}: ${detail}`);
    this.claim = claim; // "form", "path" or "signature"
  }
}

const ok = (condition, claim, detail) => {
  if (!condition) throw new BadProof(claim, detail);
};

export function unbase64(text) {
  let raw = "";
  try { raw = atob(text); } catch { /* said below */ }
  ok(raw && btoa(raw) === text, "form", "not base64"); // atob also takes blanks and loose bits
  return Uint8Array.from(raw, (each) => each.charCodeAt(0));
}

export const hex = (bytes) => [...bytes].map((each) => each.toString(16).padStart(2, "0")).join("");
const same = (one, other) => hex(one) === hex(other);

async function sha256(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, each) => sum + each.length, 0));
  let at = 0;
  for (const part of parts) { whole.set(part, at); at += part.length; }
  return new Uint8Array(await crypto.subtle.digest("SHA-256", whole));
}

export const leafHash = (text) => sha256(Uint8Array.of(0), utf8.encode(text));
const nodeHash = (left, right) => sha256(Uint8Array.of(1), left, right);
const bits = (value) => (value ? value.toString(2).length : 0);
const ones = (value) => value.toString(2).replaceAll("0", "").length;

// RFC 6962, section 2.1.1: the hashes below the fork lie on either side, those above all on the left.
export async function rootOf(index, size, leaf, path) {
  ok(index >= 0n && index < size && size <= MAX, "path", "no such leaf in a tree of this size");
  ok([leaf, ...path].every((each) => each.length === 32), "path", "a hash has 32 bytes");
  const inner = bits(index ^ (size - 1n));
  ok(path.length === inner + ones(index >> BigInt(inner)), "path", "another number of hashes");
  let found = leaf;
  for (const [level, sibling] of path.entries()) {
    const left = level >= inner || (index >> BigInt(level)) & 1n;
    found = await (left ? nodeHash(sibling, found) : nodeHash(found, sibling));
  }
  return found;
}

const number = (text) => {
  ok(/^(0|[1-9][0-9]{0,18})$/.test(text ?? "") && BigInt(text) <= MAX, "form", "not a number of a log");
  return BigInt(text);
};

function cut(text, at, claim) {
  ok(at >= 0, claim, "an empty line is missing");
  return [text.slice(0, at), text.slice(at + 2)];
}

export function readCheckpoint(note) {
  ok(note.length <= MAX_NOTE && note.isWellFormed(), "form", "not a note");
  ok(!/[\u0000-\u0009\u000b-\u001f]/.test(note), "form", "a control character");
  const [head, tail] = cut(note, note.lastIndexOf("\n\n"), "form");
  ok(tail.endsWith("\n"), "form", "the last signature is cut");
  const lines = tail.slice(0, -1).split("\n");
  ok(lines.length <= 64, "form", "too many signatures");
  const signatures = lines.map((line) => {
    const found = /^— ([^\s+]{1,255}) ([A-Za-z0-9+/]+={0,2})$/u.exec(line);
    ok(found, "form", "not a signature");
    const data = unbase64(found[2]);
    ok(data.length > 4, "form", "a signature is longer than its key's id");
    return { name: found[1], id: data.slice(0, 4), value: data.slice(4) };
  });
  const text = `${head}\n`;
  const [origin, size, root, ...rest] = head.split("\n");
  ok(origin && root && rest.every(Boolean), "form", "not a checkpoint");
  const bytes = unbase64(root);
  ok(bytes.length === 32, "form", "a root has 32 bytes");
  return { text, origin, size: number(size), root: bytes, signatures };
}

export function readProof(text) {
  ok(text.length <= MAX_NOTE, "form", "too long");
  const [head, note] = cut(text, text.indexOf("\n\n"), "form");
  const lines = head.split("\n");
  ok(lines.shift() === HEADER, "form", "another header");
  if (lines[0]?.startsWith("extra ")) unbase64(lines.shift().slice(6));
  const index = lines.shift() ?? "";
  ok(index.startsWith("index "), "form", "no index");
  ok(lines.length <= 63, "form", "too long a path");
  const path = lines.map(unbase64);
  ok(path.every((each) => each.length === 32), "form", "a hash has 32 bytes");
  return { index: number(index.slice(6)), path, checkpoint: readCheckpoint(note) };
}

async function readKey(text) {
  const [name, id, ...rest] = text.trim().split("+");
  ok(/^[^\s+]{1,255}$/.test(name) && rest.length, "signature", "not a key");
  const key = unbase64(rest.join("+"));
  ok(key.length === 33 && key[0] === 1, "signature", "a key of another kind");
  const found = (await sha256(utf8.encode(`${name}\n`), key)).slice(0, 4);
  ok(hex(found) === id, "signature", "the key's id is not its own");
  return { name, id: found, public: key.slice(1) };
}

// Whether the key signed: true, or null where this browser knows no Ed25519. A wrong signature is a BadProof.
export async function checkSignature(checkpoint, vkey) {
  const key = await readKey(vkey);
  const lines = checkpoint.signatures.filter((each) => each.name === key.name && same(each.id, key.id));
  ok(checkpoint.origin === key.name && lines.length, "signature", "this key did not sign it");
  let known;
  try { known = await crypto.subtle.importKey("raw", key.public, { name: "Ed25519" }, false, ["verify"]); }
  catch (error) {
    if (error.name === "NotSupportedError") return null;
    throw new BadProof("signature", "not a public key");
  }
  for (const line of lines) {
    const valid = await crypto.subtle.verify("Ed25519", known, line.value, utf8.encode(checkpoint.text));
    ok(valid, "signature", "the signature is wrong");
  }
  return true;
}

// Proves that the text stands in the log. `signed`: true, or null (no key given, or no Ed25519 here: `why`).
export async function checkProof(text, proof, vkey = "") {
  const { index, path, checkpoint } = readProof(proof);
  const leaf = await leafHash(text);
  ok(same(await rootOf(index, checkpoint.size, leaf, path), checkpoint.root), "path", "it leads to another root");
  const signed = vkey.trim() ? await checkSignature(checkpoint, vkey) : null;
  return { index, size: checkpoint.size, leaf: hex(leaf), steps: path.length, origin: checkpoint.origin, signed };
}
