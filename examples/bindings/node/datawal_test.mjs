import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { DatawalError, Follower, Store } from "./datawal.mjs";

const b = (text) => Buffer.from(text);

function scratch(t) {
  const dir = mkdtempSync(join(tmpdir(), "datawal-node-"));
  t.after(() => rmSync(dir, { recursive: true }));
  return dir;
}

test("a store keeps values of any length", (t) => {
  const dir = join(scratch(t), "kv");
  let store = new Store(dir);
  const long = Buffer.alloc(100_000, "l");
  for (const [key, value] of [["ada", b("1815")], ["", b("no key")], ["empty", b("")], ["long", long]]) store.put(b(key), value, true);
  store.close();
  store = new Store(dir, { open_mode: 1 });
  assert.equal(store.size, 4);
  assert.deepEqual(store.get(b("ada")), b("1815"));
  assert.deepEqual(store.get(b("")), b("no key"));
  assert.deepEqual(store.get(b("empty")), b(""));
  assert.deepEqual(store.get(b("long")), long);
  assert.equal(store.get(b("eve")), undefined);
  assert.equal(store.erase(b("ada")), true);
  assert.equal(store.erase(b("ada")), false);
});

test("a scan shows one instant in the order of the keys", (t) => {
  const store = new Store(join(scratch(t), "kv"));
  const keys = Array.from({ length: 100 }, (_, n) => String(n).padStart(3, "0"));
  for (const key of keys) store.put(b(key), b("before"));
  const seen = [];
  for (const [key, value] of store.scan(b("01"))) {
    for (const other of keys) store.put(b(other), b("after"));
    assert.equal(value.toString(), "before");
    seen.push(key.toString());
  }
  assert.deepEqual(seen, keys.slice(10, 20));
});

test("a conditional put is done once", (t) => {
  const store = new Store(join(scratch(t), "kv"));
  const key = b("k");
  assert.equal(store.putIf(key, undefined, b("1")), true);
  assert.equal(store.putIf(key, undefined, b("2")), false);
  const ref = store.refOf(key);
  assert.equal(store.putIf(key, ref, b("3")), true);
  assert.equal(store.putIf(key, ref, b("4")), false);
  assert.deepEqual(store.get(key), b("3"));
});

test("an error has a name and says what to do", (t) => {
  const dir = join(scratch(t), "kv");
  const store = new Store(dir);
  assert.throws(() => new Store(dir), (error) => error instanceof DatawalError && error.code === "locked" && error.message.includes(dir));
  store.close();
  assert.throws(() => store.put(b("k"), b("v")), { code: "closed" });
});

test("a follower goes on where it was", (t) => {
  const dir = scratch(t);
  const store = new Store(join(dir, "kv"));
  for (const value of ["one", "two"]) store.put(b(value), b(value), true);
  for (const want of ["one", "two", null]) {
    const follower = new Follower(join(dir, "kv"), join(dir, "cursor"));
    const record = follower.next();
    assert.equal(record && record.payload.toString(), want);
    follower.save();
  }
});
