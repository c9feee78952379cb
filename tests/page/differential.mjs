// The library as WebAssembly tells of every store of the fuzz corpus what the native one does: verdict, sentences, counts, and each record.
// usage: node differential.mjs READER.js MODULE.wasm STORES NATIVE.jsonl
import {deepStrictEqual} from 'node:assert';
import {closeSync, lstatSync, openSync, readFileSync, readSync, readdirSync} from 'node:fs';
import {join} from 'node:path';

const [readerPath, modulePath, stores, nativePath] = process.argv.slice(2);
const {Library, commands} = new Function(readFileSync(readerPath, 'utf8') + ';return {Library, commands};')();
const library = new Library(() => {});
await library.start(readFileSync(modulePath));

// A browser shows regular files, and no inode: whether the files are the originals is for the user to say.
function filesOf(dir) {
  const files = readdirSync(dir).map(name => ({name, path: join(dir, name), status: lstatSync(join(dir, name))}));
  if (files.some(file => !file.status.isFile() || file.status.nlink !== 1)) return null;
  const watermark = files.find(file => file.name === '.watermark');
  let areOriginals = false;
  if (watermark && watermark.status.size === 64) {
    const bytes = readFileSync(watermark.path);
    const segment = files.find(file => file.name === String(bytes.readUInt32LE(8)).padStart(8, '0') + '.dwal');
    areOriginals = segment !== undefined && BigInt(segment.status.ino) === bytes.readBigUInt64LE(16);
  }
  return {areOriginals, files: files.map(({name, path, status}) => ({
    name, size: status.size, modified: status.mtimeMs,
    readAt(at, len) {
      const file = openSync(path);
      const bytes = Buffer.alloc(len);
      const got = readSync(file, bytes, 0, len, at);
      closeSync(file);
      return new Uint8Array(bytes.buffer, bytes.byteOffset, got);
    },
  }))};
}

function rowsOf({blocks, count, summary}) {
  const rows = [];
  let next = 0;
  for (let n = 0; n < count; ++n) {
    if (next < summary.firsts.length && summary.firsts[next][1] === n) ++next;
    const block = blocks[n >> 16];
    const at = n & 65535;
    const packed = new Uint32Array(block, 16 << 16, 65536)[at];
    rows.push([summary.firsts[next - 1][0], new Float64Array(block, 0, 65536)[at], packed & 0x7ffffff,
      Number(new BigUint64Array(block, 8 << 16, 65536)[at]), (packed >>> 27) & 3, packed >>> 29]);
  }
  return rows;
}

let compared = 0;
let records = 0;
let failed = 0;
const skipped = [];
const verdicts = {};
for (const line of readFileSync(nativePath, 'utf8').trim().split('\n')) {
  const native = JSON.parse(line);
  const given = filesOf(join(stores, native.name));
  if (!given) {
    skipped.push(native.name);
    continue;
  }
  const got = await commands.open(library, {name: native.name, ...given, readsKeys: true, maxIndexBytes: 1e9});
  try {
    if (native.failed) {
      deepStrictEqual(got.summary.code, native.failed);
    } else {
      const {firsts, milliseconds, bytes_read, memory_bytes, ...summary} = got.summary;
      // Memory of the index, and what only the seam to files can know.
      for (const one of [summary, native.summary]) delete one.stat.key_directory_bytes;
      deepStrictEqual(summary, native.summary);
      deepStrictEqual(rowsOf(got), native.rows);
      verdicts[summary.verdict.code] = (verdicts[summary.verdict.code] || 0) + 1;
    }
  } catch (error) {
    ++failed;
    console.log(`${native.name}: ${error.message}`);
  }
  ++compared;
  records += native.rows ? native.rows.length : 0;
}
console.log(`differential: ${compared} stores and ${records} records compared, ${JSON.stringify(verdicts)}; ` +
  `${skipped.length} skipped, which hold what is no regular file of one name`);
if (failed > 0 || compared === 0) process.exit(1);
