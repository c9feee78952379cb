// How files come to the page: chosen, dropped, or in the page itself.

import {bytesOfBase64} from './format.js';

const given = blob => ({name: blob.name, size: blob.size, modified: blob.lastModified || 0, blob});

// Of a chosen directory those that lie in it, not below it.
export function filesOfInput(list) {
  const chosen = [...list];
  const path = chosen.length > 0 ? chosen[0].webkitRelativePath : '';
  const direct = chosen.filter(file => !file.webkitRelativePath || file.webkitRelativePath.split('/').length === 2);
  return {name: path ? path.split('/')[0] : 'store', files: direct.map(given)};
}

async function entriesOf(directory) {
  const reader = directory.createReader();
  const all = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return all;
    all.push(...some);
  }
}

// By handles: Chromium refuses entries to a page that was opened by file://.
async function filesOfHandles(handles) {
  const directory = handles.find(handle => handle.kind === 'directory');
  const files = [];
  if (directory) {
    for await (const handle of directory.values()) if (handle.kind === 'file') files.push(await handle.getFile());
  } else {
    for (const handle of handles) files.push(await handle.getFile());
  }
  return {name: directory ? directory.name : 'store', files: files.map(given)};
}

async function filesOfEntries(entries) {
  const directory = entries.find(entry => entry.isDirectory);
  const inside = directory ? await entriesOf(directory) : entries;
  const files = await Promise.all(inside.filter(entry => entry.isFile)
    .map(entry => new Promise((resolve, reject) => entry.file(resolve, reject))));
  return {name: directory ? directory.name : 'store', files: files.map(given)};
}

// A directory, or the files of one. Whatever is asked of the items is asked at once: later they are gone.
export async function filesOfDrop(transfer) {
  const items = [...transfer.items].filter(item => item.kind === 'file');
  const entries = items.map(item => item.webkitGetAsEntry()).filter(Boolean);
  if (items.length > 0 && items[0].getAsFileSystemHandle) {
    const handles = await Promise.all(items.map(item => item.getAsFileSystemHandle()));
    return filesOfHandles(handles.filter(Boolean));
  }
  return filesOfEntries(entries);
}

// What `datawal page` has put into the page; null if that is nothing.
export function embedded() {
  const report = document.getElementById('report');
  if (!report || !report.textContent.trim().startsWith('{')) return null;
  const files = [...document.querySelectorAll('script[data-file]')].map(script => ({
    name: script.dataset.file,
    size: Number(script.dataset.size),
    modified: 0,
    bytes: bytesOfBase64(script.textContent.trim()),
  }));
  return {report: JSON.parse(report.textContent), files};
}
