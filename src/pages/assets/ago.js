// @ts-check

/**
 * How long a stretch of time is, for people: `12 s`, `3 min`, `1 h 58 min`, `2 d 3 h`, `60 d`.
 *
 * @param {number} milliseconds 0 or more
 * @returns {string}
 */
export function lengthText(milliseconds) {
  const seconds = Math.floor(milliseconds / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return twoUnits(hours, "h", minutes % 60, "min");
  const days = Math.floor(hours / 24);
  return days < 10 ? twoUnits(days, "d", hours % 24, "h") : `${days} d`;
}

/**
 * @param {number} large
 * @param {string} unit
 * @param {number} small
 * @param {string} smallUnit
 */
function twoUnits(large, unit, small, smallUnit) {
  return small === 0 ? `${large} ${unit}` : `${large} ${unit} ${small} ${smallUnit}`;
}

/**
 * How far a time is from now, for people: `3 min ago`, `in 12 s`, `now`.
 *
 * @param {number} time unix milliseconds
 * @param {number} now unix milliseconds
 * @returns {string}
 */
export function agoText(time, now) {
  const distance = Math.abs(time - now);
  if (distance < 1000) return "now";
  return time < now ? `${lengthText(distance)} ago` : `in ${lengthText(distance)}`;
}
