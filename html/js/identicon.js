// A small picture of an address, so that two addresses are told apart at a glance. It uses all
// 40 hex digits, but it is no proof: compare the address itself before you rely on it.

const SVG = 'http://www.w3.org/2000/svg';
const SIZE = 8;

function shape(name, attributes) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}

function colour(hex, lightness) {
  return `hsl(${Math.round(parseInt(hex, 16) / 255 * 360)} 65% ${lightness}%)`;
}

export function identicon(address) {
  const digits = address.slice(2).toLowerCase();
  const ground = colour(digits.slice(0, 2), 88);
  const inks = [colour(digits.slice(2, 4), 30), colour(digits.slice(4, 6), 50), colour(digits.slice(6, 8), 65)];
  const picture = shape('svg', { viewBox: `0 0 ${SIZE} ${SIZE}`, class: 'identicon', 'aria-hidden': 'true' });

  picture.append(shape('rect', { width: SIZE, height: SIZE, fill: ground }));
  // 32 digits, one a cell of the left half; the right half mirrors it.
  [...digits.slice(8)].forEach((digit, i) => {
    const ink = [undefined, ...inks][parseInt(digit, 16) % 4];
    if (ink === undefined) return;
    const x = i % (SIZE / 2);
    const y = Math.floor(i / (SIZE / 2));
    for (const column of [x, SIZE - 1 - x])
      picture.append(shape('rect', { x: column, y, width: 1, height: 1, fill: ink }));
  });
  return picture;
}
