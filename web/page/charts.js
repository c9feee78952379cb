// Sizes of records, keys by prefix, growth, and garbage by segment. Each has its numbers as text.

import {$, element} from './dom.js';
import {number, size, stateNames, states} from './format.js';

const svg = (tag, attributes) => {
  const made = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
};

// [name, [[kind, amount]...], words] as bars.
function bars(into, rows) {
  const most = Math.max(1, ...rows.map(([, parts]) => parts.reduce((sum, [, amount]) => sum + amount, 0)));
  into.replaceChildren(...rows.map(([name, parts, words]) => {
    const bar = element('span', {className: 'bar-line'});
    for (const [kind, amount] of parts) {
      if (amount === 0) continue;
      const part = element('i', {className: 'kind-' + kind, title: `${kind}: ${number(amount)}`});
      part.style.width = `${100 * amount / most}%`;
      bar.append(part);
    }
    return element('li', {}, element('span', {className: 'bar-name'}, name), bar, element('span', {className: 'dim'}, words));
  }));
}

function sizes(store) {
  bars($('sizes'), store.summary.sizes.map((counts, power) => [
    `${size(2 ** power)} and up`,
    counts.map((count, s) => [store.nameOfState(s), count]),
    counts.map((count, s) => count > 0 ? `${number(count)} ${stateNames[states.indexOf(store.nameOfState(s))]}` : '')
      .filter(Boolean).join(', '),
  ]).filter(([, parts]) => parts.some(([, amount]) => amount > 0)));
}

function prefixes(store) {
  const rows = store.summary.prefixes.map(([prefix, records, bytes, , live]) => [
    prefix === '' ? 'no prefix' : prefix,
    store.knowsKeys ? [['live', live], ['dead', bytes - live]] : [['put', bytes]],
    `${number(records)} records, ${size(bytes)}` + (store.knowsKeys ? `, ${size(live)} live` : ''),
  ]);
  const other = store.summary.other_prefixes;
  if (other.length > 0) {
    rows.push(['all others', store.knowsKeys ? [['live', other[3]], ['dead', other[1] - other[3]]] : [['put', other[1]]],
      `${number(other[0])} records, ${size(other[1])}`]);
  }
  $('no-prefixes').hidden = rows.length > 0;
  bars($('prefixes'), rows);
}

function growth(store) {
  const points = store.summary.growth;
  $('growth').replaceChildren();
  if (points.length === 0) {
    $('growth-words').textContent = 'No record.';
    return;
  }
  const [width, height] = [1000, 120];
  const first = points[0][0];
  const last = points[points.length - 1];
  const x = txid => (width * (txid - first) / Math.max(1, last[0] - first)).toFixed(1);
  const path = which => points.map(point => `L${x(point[0])},${(height - height * point[which] / Math.max(1, last[1])).toFixed(1)}`).join('');
  const area = which => `M0,${height}${path(which)}L${width},${height}Z`;
  $('growth').append(svg('path', {d: area(1), class: 'kind-dead'}));
  if (store.knowsKeys) $('growth').append(svg('path', {d: area(2), class: 'kind-live'}));
  const words = `up to txid ${number(last[0])}: ${size(last[1])} in records` +
    (store.knowsKeys ? `, of these ${size(last[2])} live or raw at the end` : '');
  $('growth-words').textContent = words;
  $('growth').setAttribute('aria-label', 'How the store grew. ' + words);
}

function garbage(store) {
  const known = store.knowsKeys;
  $('garbage-section').hidden = !known;
  if (!known) return;
  const rows = store.summary.stat.per_segment.map(one => [
    String(one.segment),
    [['live', one.live_bytes], ['raw', one.raw_bytes], ['dead', one.dead_bytes], ['tombstone', one.tombstone_bytes]],
    `${size(one.dead_bytes + one.tombstone_bytes)} of ${size(one.bytes)}` + (one.active ? ', appended to' : ''),
  ]);
  const worst = [...rows].sort((a, b) => b[1][2][1] + b[1][3][1] - a[1][2][1] - a[1][3][1]).slice(0, 20);
  $('garbage-note').textContent = rows.length > 20 ? `the 20 of ${number(rows.length)} segments with most garbage` : '';
  bars($('garbage'), rows.length > 20 ? worst : rows);
}

export function showCharts(store) {
  sizes(store);
  prefixes(store);
  growth(store);
  garbage(store);
}
