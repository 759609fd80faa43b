// Spans of time in words.
const SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR;

function count(n, unit) {
  return `${n} ${unit}${n === 1 ? '' : 's'}`;
}

// The two largest units that say something: "6 days 4 hours", "12 minutes".
export function duration(ms) {
  const days = Math.floor(ms / DAY), hours = Math.floor(ms / HOUR) % 24, minutes = Math.floor(ms / MINUTE) % 60;
  const words = days > 0 ? [[days, 'day'], [hours, 'hour']] : [[hours, 'hour'], [minutes, 'minute']];
  return words.filter(([n]) => n > 0).map(([n, unit]) => count(n, unit)).join(' ') || 'less than a minute';
}
