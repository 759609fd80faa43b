// Amounts: 10^18 wei are one ether, or whatever the chain calls its coin.
const DIGITS = 18;

// "0.05 ether", exactly.
export function ether(wei) {
  const text = wei.toString().padStart(DIGITS + 1, '0');
  const fraction = text.slice(-DIGITS).replace(/0+$/, '');
  return `${text.slice(0, -DIGITS)}${fraction && `.${fraction}`} ether`;
}

// Wei of a decimal number, or undefined where the text is none, or is finer than a wei.
export function parseEther(text) {
  const found = /^(\d{1,20})(?:\.(\d{1,18}))?$/.exec(text);
  return found === null ? undefined : BigInt(found[1] + (found[2] ?? '').padEnd(DIGITS, '0'));
}
