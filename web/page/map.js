// The map: a strip for each segment, with what its bytes are. Damage is never averaged away.

import {$, cssColour, element} from './dom.js';
import {number, segmentName, size, stateNames, states} from './format.js';
import {resampled} from './rows.js';

const HEIGHT = 22;
const AT_FIRST = 60;
const WRONG_AT_FIRST = 200;  // a canvas takes memory

const marks = {torn: 'torn tail', damaged: 'damage', reserved: 'reserved zeros', unfinished: 'being written'};

// A colour and a pattern for each kind: the pattern alone tells them apart.
function pattern(context, kind) {
  const tile = document.createElement('canvas');
  tile.width = tile.height = 8;
  const draw = tile.getContext('2d');
  draw.fillStyle = cssColour(kind);
  draw.fillRect(0, 0, 8, 8);
  draw.strokeStyle = draw.fillStyle = cssColour('mark');
  draw.lineWidth = 1;
  const line = (...points) => {
    draw.beginPath();
    for (let i = 0; i < points.length; i += 4) {
      draw.moveTo(points[i], points[i + 1]);
      draw.lineTo(points[i + 2], points[i + 3]);
    }
    draw.stroke();
  };
  if (kind === 'dead') line(0, 8, 8, 0);
  if (kind === 'tombstone') draw.fillRect(3, 3, 2, 2);
  if (kind === 'raw') line(0, 4.5, 8, 4.5);
  if (kind === 'put') line(4.5, 0, 4.5, 8);
  if (kind === 'behind') line(0, 0, 8, 8, 0, 8, 8, 0);
  if (kind === 'damaged') line(0, 0, 8, 8);
  if (kind === 'torn') line(0, 2.5, 8, 2.5, 0, 6.5, 8, 6.5);
  return context.createPattern(tile, 'repeat');
}

// Paints [begin, end) of a segment on a canvas.
export function paint(canvas, store, segment, begin, end, share) {
  const wide = Math.max(1, Math.round((canvas.clientWidth || 300) * devicePixelRatio));
  const high = Math.round((canvas.clientHeight || HEIGHT) * devicePixelRatio);
  canvas.width = wide;
  canvas.height = high;
  const used = Math.max(3, Math.round(wide * share));
  const context = canvas.getContext('2d');
  const patterns = {};
  const fill = kind => (patterns[kind] ||= pattern(context, kind));
  context.fillStyle = cssColour('reserved');
  context.fillRect(0, 0, used, high);
  if (end <= begin) return;
  const columns = store.rows
    ? store.rows.columns(segment.id, begin, end, used)
    : resampled(segment, begin, end, used);
  for (let x = 0; x < used; ++x) {
    let sum = 0;
    for (let s = 0; s < 6; ++s) sum += columns[x * 6 + s];
    if (sum === 0) continue;
    let y = 0;
    for (let s = 0; s < 6; ++s) {
      const part = high * columns[x * 6 + s] / sum;
      if (part === 0) continue;
      context.fillStyle = fill(store.nameOfState(s));
      context.fillRect(x, y, 1, Math.min(high - y, part + 0.5));
      y += part;
    }
  }
  const per = (end - begin) / used;
  const least = Math.ceil(3 * devicePixelRatio);
  for (const stretch of store.stretchesOf(segment.id)) {
    if (stretch.end <= begin || stretch.begin >= end || stretch.kind === 'reserved') continue;
    const from = Math.max(0, (stretch.begin - begin) / per);
    const width = Math.max(least, Math.ceil((Math.min(stretch.end, end) - Math.max(stretch.begin, begin)) / per));
    context.fillStyle = fill(stretch.kind === 'unfinished' ? 'put' : stretch.kind);
    context.fillRect(Math.max(0, Math.floor(Math.min(from, used - width))), 0, width, high);
  }
  context.fillStyle = cssColour('fg');
  for (const gap of store.gapsOf(segment.id)) {  // where txids are missing: a notch
    if (gap.offset < begin || gap.offset >= end) continue;
    const x = (gap.offset - begin) / per;
    context.beginPath();
    context.moveTo(x - 3, 0);
    context.lineTo(x + 3, 0);
    context.lineTo(x, 5);
    context.fill();
  }
}

function inWords(store, segment) {
  const counts = store.countsOf(segment.id);
  const parts = [`segment ${segment.id}, ${size(segment.bytes)}`];
  if (counts && store.knowsKeys) {
    parts.push(`${size(counts.live_bytes)} live, ${size(counts.dead_bytes)} dead, ${size(counts.raw_bytes)} raw, ` +
      `${size(counts.tombstone_bytes)} tombstones`);
  } else if (counts) {
    parts.push(`${size(counts.bytes)} in records`);
  }
  for (const [kind, name] of Object.entries(marks)) {
    const some = store.stretchesOf(segment.id).filter(stretch => stretch.kind === kind);
    const bytes = some.reduce((sum, one) => sum + one.end - one.begin, 0);
    if (some.length > 0) parts.push(`${name}: ${size(bytes)} in ${some.length === 1 ? 'one place' : some.length + ' places'}`);
  }
  return parts.join('; ');
}

export class StoreMap {
  // `onChoose(segment, offset)`: somebody pointed there.
  constructor(onChoose) {
    this.onChoose = onChoose;
    this.strips = [];
    this.zoomed = null;
    addEventListener('resize', () => this.repaint());
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.repaint());
    $('zoom-in').onclick = () => this.zoomBy(0.25);
    $('zoom-out').onclick = () => this.zoomBy(4);
    $('zoom-left').onclick = () => this.shift(-0.5);
    $('zoom-right').onclick = () => this.shift(0.5);
    $('zoom-close').onclick = () => this.zoom(null);
    this.listen($('zoom-strip'), () => this.zoomed);
  }

  show(store) {
    this.store = store;
    this.zoom(null);
    this.list(AT_FIRST);
  }

  legend() {
    const {store} = this;
    const kinds = store.statesThere();
    const stretches = new Set(store.summary.stretches.map(one => one.kind));
    $('legend').replaceChildren(...[...kinds.map(kind => [kind, stateNames[states.indexOf(kind)]]),
      ...Object.entries(marks).filter(([kind]) => stretches.has(kind))].map(([kind, name]) => {
      const swatch = element('canvas', {width: 14, height: 14});
      swatch.setAttribute('aria-hidden', 'true');
      const context = swatch.getContext('2d');
      context.fillStyle = kind === 'reserved' ? cssColour('reserved') : pattern(context, kind === 'unfinished' ? 'put' : kind);
      context.fillRect(0, 0, 14, 14);
      return element('li', {}, swatch, ` ${name}`);
    }), ...(store.summary.verify.txid_gaps > 0 ? [element('li', {}, '▾ txids missing')] : []));
  }

  // The first segments, and those with something wrong.
  list(limit) {
    const store = this.store;
    const largest = store.summary.segments.reduce((most, segment) => Math.max(most, segment.bytes), 1);
    const rows = [];
    let left = 0;
    let previous = 0;
    let wrong = 0;
    const {missing} = store.summary;
    let ids = 0;
    this.strips = [];
    store.summary.segments.forEach((segment, i) => {
      const isWrong = store.stretchesOf(segment.id).some(one => one.kind !== 'reserved');
      const isShown = i < limit || (isWrong && ++wrong <= WRONG_AT_FIRST);
      if (!isShown && i + 1 < store.summary.segments.length) {
        ++left;
        previous = segment.id;
        return;
      }
      while (ids < missing.length && missing[ids][0] < previous) ++ids;  // beside segments that are not shown
      if (ids < missing.length && missing[ids][0] < segment.id) rows.push(this.gapRow(missing[ids++]));
      rows.push(this.stripRow(segment, segment.bytes / largest));
      previous = segment.id;
    });
    for (; ids < missing.length; ++ids) if (missing[ids][0] > previous) rows.push(this.gapRow(missing[ids]));
    if (left > 0) {
      rows.push(element('button', {type: 'button', onclick: () => this.list(limit + 200)}, `${number(left)} more segments`));
    }
    for (const file of store.quarantined) {
      rows.push(element('div', {className: 'strip-gap'}, `${file.name}: ${size(file.size)}, kept aside by an earlier recovery`));
    }
    $('strips').replaceChildren(...rows);
    this.repaint();
  }

  gapRow([first, last]) {
    const which = first === last ? `segment ${first}` : `segments ${first} to ${last}`;
    return element('div', {className: 'strip-gap'}, `no file for ${which}: compaction and trim leave such gaps too`);
  }

  stripRow(segment, share) {
    const canvas = element('canvas', {tabIndex: 0});
    canvas.setAttribute('role', 'img');
    canvas.setAttribute('aria-label', inWords(this.store, segment) +
      '. Arrow keys move, Enter shows the record there, Z looks closer.');
    const whole = {segment, begin: 0, end: segment.bytes, share};
    this.listen(canvas, () => whole);
    this.strips.push({canvas, ...whole});
    const counts = this.store.countsOf(segment.id);
    const dead = counts && this.store.knowsKeys && segment.bytes > 0
      ? ` · ${Math.round(100 * (counts.dead_bytes + counts.tombstone_bytes) / segment.bytes)} % garbage` : '';
    return element('div', {className: 'strip'}, element('span', {}, segmentName(segment.id)), canvas,
      element('span', {className: 'dim'}, size(segment.bytes) + dead));
  }

  // Click: what lies there. Drag: a closer look. Keys do both.
  listen(canvas, shown) {
    let from = null;
    let caret = 0;
    const offsetAt = x => {
      const {begin, end, share = 1} = shown();
      return begin + Math.min(0.999999, Math.max(0, x / (canvas.clientWidth * share))) * (end - begin);
    };
    canvas.addEventListener('pointerdown', event => {
      from = event.offsetX;
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener('pointerup', event => {
      if (from === null || !shown()) return;
      const {segment} = shown();
      const [a, b] = [offsetAt(Math.min(from, event.offsetX)), offsetAt(Math.max(from, event.offsetX))];
      if (Math.abs(event.offsetX - from) > 5) this.zoom({segment, begin: Math.floor(a), end: Math.ceil(b)});
      else this.choose(segment, a, canvas);
      from = null;
    });
    canvas.addEventListener('keydown', event => {
      if (!shown()) return;
      const {segment, begin, end} = shown();
      const steps = {ArrowLeft: -0.01, ArrowRight: 0.01, PageUp: -0.1, PageDown: 0.1, Home: -1, End: 1};
      const at = begin + caret * (end - begin);
      if (steps[event.key]) {
        caret = Math.min(0.9999, Math.max(0, caret + steps[event.key]));
        $('status').textContent = `segment ${segment.id}, byte ${number(Math.floor(begin + caret * (end - begin)))}`;
      } else if (event.key === 'Enter') {
        this.choose(segment, at, canvas);
      } else if (event.key === 'z' || event.key === 'Z') {
        const half = (end - begin) / 20;
        this.zoom({segment, begin: Math.max(0, Math.floor(at - half)), end: Math.min(segment.bytes, Math.ceil(at + half))});
      } else {
        return;
      }
      event.preventDefault();
    });
  }

  // Damage is drawn wider than it is, and so can be hit.
  choose(segment, offset, canvas) {
    const strip = this.strips.find(one => one.canvas === canvas) || {...this.zoomed, share: 1};
    const per = (strip.end - strip.begin) / Math.max(1, canvas.clientWidth * strip.share);
    const hit = this.store.stretchesOf(segment.id).filter(one => one.kind !== 'reserved')
      .find(one => offset >= one.begin - 3 * per && offset < one.end + 3 * per);
    this.onChoose(segment.id, Math.floor(offset), hit);
  }

  zoom(to) {
    if (to && to.end - to.begin < 64) to = {...to, end: Math.min(to.segment.bytes, to.begin + 64)};
    this.zoomed = to;
    $('zoom').hidden = !to;
    if (!to) return;
    $('zoom-where').textContent =
      `${segmentName(to.segment.id)}, bytes ${number(to.begin)} to ${number(to.end)} (${size(to.end - to.begin)})`;
    const canvas = $('zoom-strip');
    canvas.setAttribute('aria-label', $('zoom-where').textContent);
    paint(canvas, this.store, to.segment, to.begin, to.end, 1);
  }

  zoomBy(factor) {
    const {segment, begin, end} = this.zoomed;
    const middle = (begin + end) / 2;
    const half = Math.max(32, (end - begin) / 2 * factor);
    this.zoom({segment, begin: Math.max(0, Math.floor(middle - half)), end: Math.min(segment.bytes, Math.ceil(middle + half))});
  }

  shift(by) {
    const {segment, begin, end} = this.zoomed;
    const width = end - begin;
    const to = Math.max(0, Math.min(segment.bytes - width, begin + by * width));
    this.zoom({segment, begin: Math.floor(to), end: Math.floor(to + width)});
  }

  repaint() {
    if (!this.store) return;
    this.legend();
    for (const {canvas, segment, begin, end, share} of this.strips) paint(canvas, this.store, segment, begin, end, share);
    if (this.zoomed) this.zoom(this.zoomed);
  }
}
