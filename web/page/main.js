// The page: from files to what is shown of them.

import {Client} from './client.js';
import {showCharts} from './charts.js';
import {Detail} from './detail.js';
import {$, download, element, withCode} from './dom.js';
import {embedded, filesOfDrop, filesOfInput} from './files.js';
import {bytesOfBase64, counted, inflated, number, size, stateNames, states} from './format.js';
import {StoreMap} from './map.js';
import {Rows} from './rows.js';
import {Store} from './store.js';
import {Table, filtered} from './table.js';
import {tarOf} from './tar.js';
import {headlines, showVerdict} from './verdict.js';

const began = performance.now();

// For tests, and whoever is curious: what was found, and how long it took.
const state = {store: null, ready: null, error: null, times: {}, choose: row => detail.record(state.store, row)};
window.datawalPage = state;

const outOfMemory = 'This takes more memory than the browser gives to a page. `datawal page DIR -o FILE` makes a report that needs none.';

let client = null;
let chosen = null;  // {name, files}
let opened = null;  // what open() was given for the store that is shown
let openings = 0;

function say(text, isWrong = false) {
  $('status').replaceChildren(...withCode(text));
  $('status').className = isWrong ? 'wrong' : '';
  if (isWrong) state.error = text;
}

function busy(isBusy, words = '') {
  $('progress').hidden = $('cancel').hidden = !isBusy;
  $('progress').value = 0;
  if (words) say(words);
}

function reasonOf(error) {
  if (error.message === 'memory') return outOfMemory;
  return error.message === 'cancelled' ? 'Cancelled.' : `This could not be done: ${error.message}`;
}

function option(name) {
  return new URLSearchParams(location.hash.slice(1)).get(name);
}

const detail = new Detail();
const map = new StoreMap(choosePlace);
const table = new Table(row => detail.record(state.store, row));

function choosePlace(segment, offset, stretch) {
  const {store} = state;
  if (stretch) {
    if (store.rows) table.reveal(Math.max(0, store.rows.at(segment, stretch.begin)));
    return detail.stretch(store, stretch);
  }
  const inZeros = store.stretchesOf(segment).find(one => offset >= one.begin && offset < one.end);
  if (inZeros) return detail.stretch(store, inZeros);
  const row = store.rows ? store.rows.at(segment, offset)
    : store.newest.findLastIndex(one => one.segment === segment && one.offset <= offset && offset < one.offset + one.len);
  if (row < 0) return say('This report does not have that record: it has the newest ones.');
  table.filter(null);
  table.reveal(row);
  return detail.record(store, row);
}

function show(store, about) {
  state.store = store;
  $('store').hidden = false;
  showVerdict(store, {...about, onJump: choosePlace});
  map.show(store);
  showCharts(store);
  detail.clear();
  $('filter').reset();
  const names = store.knowsKeys ? states.filter(s => s !== 'put') : states.filter(s => s !== 'live' && s !== 'dead');
  $('state').replaceChildren(element('option', {value: ''}, 'any'),
    ...names.map(name => element('option', {value: name}, stateNames[states.indexOf(name)])));
  table.show(store);
  told(null);
  $('export').hidden = $('salvage').hidden = !store.client;
}

function told(rows) {
  const {store} = state;
  const all = store.summary.verify.frames_checked + store.summary.verify.records_behind_damage;
  const shown = rows ? rows.length : store.count;
  $('count').textContent = store.rows || shown === all ? counted(shown, 'record')
    : `${number(shown)} of ${number(all)} records: a report has the newest`;
}

// Reads the files, by the library.
async function open({name, files}, {areOriginals, words = ''}) {
  const segments = files.filter(file => /^\d{8}\.dwal$/.test(file.name));
  // A watermark of segments that are gone is something to read, too.
  if (segments.length === 0 && !files.some(file => file.name === '.watermark')) {
    return say(`None of these ${number(files.length)} files is called NNNNNNNN.dwal: that is no store.`, true);
  }
  const bytes = segments.reduce((sum, file) => sum + file.size, 0);
  const mine = ++openings;
  forget();
  state.error = null;
  busy(true, `Reading ${size(bytes)} …`);
  const from = performance.now();
  try {
    await client.ready;
    const read = await client.ask('open', {
      name, files, areOriginals, readsKeys: option('keys') !== 'off', maxIndexBytes: Number(option('max-index-bytes') ?? 1.5e9),
    });
    if (mine !== openings) return undefined;  // another one is being read by now
    if (read.summary.failed) return say(read.summary.failed, true);
    const rows = new Rows(read.blocks, read.count, read.summary.firsts);
    const store = new Store({summary: read.summary, rows, client, files});
    opened = arguments;
    show(store, {title: name, contents: {words, noDotFiles: words === '' && !files.some(file => file.name.startsWith('.'))}});
    state.times.drawn = performance.now() - from;
    say(`${size(bytes)} read and checked in ${(state.times.drawn / 1000).toFixed(1)} s, in this browser; nothing was uploaded.`);
  } catch (error) {
    if (mine !== openings) return undefined;
    if (error.message === 'memory') client.cancel();  // it was left in the middle of something
    say(reasonOf(error), true);
  } finally {
    if (mine === openings) busy(false);
  }
  return undefined;
}

// The library knows the files of one store: of another one it shall not be asked.
function forget() {
  opened = null;
  state.store = null;
  $('store').hidden = true;
  detail.clear();
}

// Whatever ran is ended with all that the library knew. What was shown is read again.
function cancel() {
  const before = opened;
  ++openings;
  client.cancel();
  forget();
  busy(false);
  say('Cancelled.');
  if (before) setTimeout(() => open(...before));  // behind what was cancelled
}

function take(given) {
  chosen = given;
  if (!$('report-head').hidden) document.title = given.name;
  $('report-head').hidden = true;  // it speaks of another store
  return open(given, {areOriginals: $('originals').checked});
}

let search = 0;

async function applyFilter() {
  const {store} = state;
  if (!store) return;
  const mine = ++search;
  let isSearching = false;
  try {
    const rows = await filtered(store, $('filter'), () => mine === search && store === state.store,
      part => say(`searching: ${Math.round(100 * part)} %`));
    if (rows === undefined) return;
    isSearching = rows !== null;
    table.filter(rows);
    told(rows);
    if (isSearching) say(`${number(table.count)} records found`);
  } catch (error) {
    say(reasonOf(error), true);
  }
}

// The last part of the directory's path; a header of a .tar has room for no more.
function baseOf(store) {
  const name = store.summary.dir.split('/').findLast(part => part !== '' && part !== '.' && part !== '..') ?? 'store';
  return [...name].slice(0, 20).join('');
}

async function exportRows(forImport) {
  const {store} = state;
  const rows = table.shown;
  const count = table.count;
  const parts = [];
  let missing = 0;
  busy(true, 'exporting …');
  try {
    for (let k = 0; k < count; k += 2000) {
      const some = Array.from({length: Math.min(2000, count - k)}, (_, i) => rows ? rows[k + i] : k + i);
      const lines = await client.ask('lines', {rows: some, forImport});
      missing += lines.missing;
      parts.push(new Blob([lines.text]));
      $('progress').value = k / count;
    }
    download(`${baseOf(store)}.jsonl`, new Blob(parts, {type: 'application/jsonl'}));
    say(missing > 0 ? `${number(missing)} records could not be read any more.` : 'exported', missing > 0);
  } catch (error) {
    say(reasonOf(error), true);
  } finally {
    busy(false);
  }
}

async function salvage() {
  busy(true, 'salvaging …');
  try {
    const {report, files} = await client.ask('salvage');
    if (report.failed) return say(report.failed, true);
    state.salvaged = {report, files};
    download(`${baseOf(state.store)}.salvaged.tar`, tarOf(`${baseOf(state.store)}.salvaged`, files));
    say(`${number(report.records_salvaged)} records salvaged; ${number(report.bytes_skipped)} bytes are in no record.`);
  } catch (error) {
    say(reasonOf(error), true);
  } finally {
    busy(false);
  }
}

function listen() {
  $('choose').onclick = event => {
    event.target.value = '';  // so that the same directory can be chosen again
  };
  $('choose').onchange = event => take(filesOfInput(event.target.files));
  $('originals').onchange = () => chosen && take(chosen);
  $('cancel').onclick = cancel;
  for (const name of ['dragover', 'dragenter']) {
    addEventListener(name, event => {
      event.preventDefault();
      document.body.classList.add('dropping');
    });
  }
  addEventListener('dragleave', event => {
    if (!event.relatedTarget) document.body.classList.remove('dropping');
  });
  addEventListener('drop', async event => {
    event.preventDefault();
    document.body.classList.remove('dropping');
    try {
      await take(await filesOfDrop(event.dataTransfer));
    } catch (error) {
      say(reasonOf(error), true);
    }
  });
  $('filter').onsubmit = event => {
    event.preventDefault();
    applyFilter();
  };
  $('filter').onreset = () => setTimeout(applyFilter);
  $('export-scan').onclick = () => exportRows(false);
  $('export-import').onclick = () => exportRows(true);
  $('salvage').onclick = salvage;
}

// A report shows what the program found before anything is read here.
function showReport({report, files}) {
  document.title = report.title;
  $('open').open = false;
  $('report-title').textContent = report.title;
  $('report-about').replaceChildren(...withCode(report.about));
  $('report-head').hidden = false;
  const {verdict} = report;
  if (files.length > 0) $('native').replaceChildren('The program found: ', element('strong', {}, verdict.text), '. ', ...withCode(verdict.trouble));
  else show(new Store({summary: report}), {title: report.dir, contents: {words: report.contents}});
}

// What was found here need not be said twice.
function agree({code, text, trouble}) {
  const here = state.store?.summary.verdict;
  if (!here || here.code !== code || here.text !== text || here.trouble !== trouble) return;
  $('native').textContent = `The program found the same where the files are: ${(headlines[code] || code).toLowerCase()}.`;
}

async function start() {
  listen();
  const report = embedded();
  if (report) showReport(report);
  const module = await inflated(bytesOfBase64($('wasm').textContent.trim()));
  client = new Client($('reader').textContent, module, part => {
    $('progress').value = part;
  });
  state.client = client;
  await client.ready;
  state.times.ready = performance.now() - began;
  state.ready = true;
  if (report && report.files.length > 0) {
    await open({name: report.report.dir, files: report.files},
      {areOriginals: report.report.are_originals, words: report.report.contents});
    agree(report.report.verdict);
  }
}

start().catch(error => say(`This browser cannot run the page: ${error.message}`, true));
