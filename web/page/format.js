// Numbers, sizes and bytes as people read them.

export const states = ['raw', 'live', 'dead', 'tombstone', 'put', 'behind'];
export const stateNames = ['raw', 'live', 'dead', 'tombstone', 'put', 'behind damage'];
export const typeNames = ['Raw', 'Put', 'Delete'];

// Beyond 2^53 a number comes as text or as a BigInt, so that it is exact.
export const number = n => (typeof n === 'string' ? BigInt(n) : n).toLocaleString('en');

export const counted = (n, noun) => `${number(n)} ${noun}${n === 1 ? '' : 's'}`;

export function size(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  const unit = Math.min(3, Math.floor(Math.log10(bytes) / 3));
  return `${(bytes / 1000 ** unit).toFixed(unit === 1 && bytes >= 1e5 ? 0 : 1)} ${['B', 'kB', 'MB', 'GB'][unit]}`;
}

export const segmentName = id => String(id).padStart(8, '0') + '.dwal';

// Text, with what is invisible or turns the direction of writing shown as \xNN: what the program does not print either.
export function visible(text) {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufffd]/g,
    c => c < '\u0100' ? `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}` : `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

// Bytes as text, or null if they are no UTF-8 or mostly invisible.
export function asText(bytes, isCut = false) {
  try {
    return new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(bytes, {stream: isCut});
  } catch {
    return null;
  }
}

export function includes(bytes, needle) {
  for (let at = bytes.indexOf(needle[0]); at >= 0; at = bytes.indexOf(needle[0], at + 1)) {
    if (needle.every((byte, i) => bytes[at + i] === byte)) return true;
  }
  return needle.length === 0;
}

export const hexOf = bytes => Array.from(bytes, b => b.toString(16).padStart(2, '0')).join('');

// One line for a table: text, else hex.
export function inOneLine(bytes, most = 120) {
  const part = bytes.subarray(0, most);
  const text = asText(part, bytes.length > most);
  const more = bytes.length > most ? '…' : '';
  return text === null ? 'hex:' + hexOf(part.subarray(0, 40)) + more : visible(text.replace(/[\n\t]/g, ' ')) + more;
}

// The bytes that "48 65 6c" or "48656c" stand for, or null.
export function bytesOfHex(text) {
  const digits = text.replace(/[\s:]/g, '');
  if (digits.length % 2 !== 0 || /[^0-9a-f]/i.test(digits)) return null;
  return Uint8Array.from(digits.match(/../g) || [], pair => parseInt(pair, 16));
}

export function bytesOfBase64(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; ++i) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

export async function inflated(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
