"""The binding of examples/bindings/datawal.py, as its users would use it. DATAWAL_LIBRARY names the library."""
import ctypes
import gc
import os
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../examples/bindings"))
import datawal


class Binding(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
        self.addCleanup(scratch.cleanup)
        self.dir = scratch.name

    def path(self, name):
        return os.path.join(self.dir, name)

    def test_a_store_is_a_dict(self):
        store = datawal.Store(self.path("kv"))
        store[b"ada"] = b"1815"
        store[b"\0\xff"] = b""
        store.put(b"long", b"l" * 100_000, sync=True)
        self.assertEqual(store[b"ada"], b"1815")
        self.assertEqual(store[b"\0\xff"], b"")
        self.assertEqual(store[b"long"], b"l" * 100_000)
        self.assertEqual(len(store), 3)
        self.assertIn(b"ada", store)
        self.assertNotIn(b"eve", store)
        self.assertIsNone(store.get(b"eve"))
        del store[b"ada"]
        with self.assertRaises(KeyError):
            del store[b"ada"]
        self.assertEqual(sorted(store), [b"\0\xff", b"long"])
        store.close()
        self.assertEqual(dict(datawal.Store(self.path("kv"))), {b"\0\xff": b"", b"long": b"l" * 100_000})

    def test_a_scan_shows_one_instant_in_the_order_of_the_keys(self):
        store = datawal.Store(self.path("kv"))
        store.write(((f"{n:04}".encode(), b"before") for n in range(1000)), sync=True)
        scan = store.scan(prefix=b"00")
        first = next(scan)
        for n in range(1000):
            store[f"{n:04}".encode()] = b"after"
        self.assertEqual([first, *scan], [(f"{n:04}".encode(), b"before") for n in range(100)])
        self.assertEqual(store[b"0000"], b"after")

    def test_a_conditional_put_counts_exactly_in_many_threads(self):
        store = datawal.Store(self.path("kv"))

        def count():
            for _ in range(200):
                while True:
                    value, ref = store.find(b"n")
                    if store.put_if(b"n", ref, str(int(value or b"0") + 1).encode()):
                        break

        threads = [threading.Thread(target=count) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(store[b"n"], b"800")

    def test_an_error_has_a_name_and_says_what_to_do(self):
        store = datawal.Store(self.path("kv"))
        with self.assertRaises(datawal.Error) as caught:
            datawal.Store(self.path("kv"))
        self.assertEqual(caught.exception.name, "locked")
        self.assertIn(self.path("kv"), str(caught.exception))
        store.close()
        with self.assertRaises(datawal.Error) as caught:
            store[b"k"] = b"v"
        self.assertEqual(caught.exception.name, "closed")

    def test_an_option_that_is_none_is_refused_at_once(self):
        with self.assertRaises(AttributeError):
            datawal.Store(self.path("kv"), no_such_option=1)

    def test_options_reach_the_library(self):
        with self.assertRaises(datawal.Error) as caught:
            datawal.Store(self.path("kv"), open_mode=1)
        self.assertEqual(caught.exception.name, "not_found")
        with self.assertRaises(datawal.Error) as caught:
            datawal.Store(self.path("kv"), sync_policy=9)
        self.assertIn("sync_policy", str(caught.exception))

    def test_a_handle_that_is_collected_gives_its_lock_back(self):
        datawal.Store(self.path("kv"))[b"k"] = b"v"
        gc.collect()
        self.assertEqual(datawal.Store(self.path("kv"))[b"k"], b"v")

    def test_a_forked_child_is_refused_and_may_end(self):
        store = datawal.Store(self.path("kv"))
        child = os.fork()
        if child == 0:
            try:
                store[b"k"] = b"child"
            except datawal.Error as error:
                os._exit(0 if error.name == "closed" else 1)
            os._exit(2)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 0)
        store[b"k"] = b"parent"

    def test_a_follower_goes_on_where_it_was_and_tells_what_is_lost(self):
        log = datawal.Log(self.path("log"), max_segment_bytes=200)
        for n in range(10):
            log.append(f"event {n}".encode() + b"." * 80)
        log.fsync()
        cursor = self.path("cursor")
        follower = datawal.Follower(self.path("log"), cursor_file=cursor)
        self.assertEqual(follower.next()[0], 1)
        follower.save()
        datawal._declare(ctypes.c_int, "log_drop_segments_before pIp")
        datawal._lib.datawal_log_drop_segments_before(log, 4, None)
        follower = datawal.Follower(self.path("log"), cursor_file=cursor)
        lost = follower.next()
        self.assertIsInstance(lost, datawal.Lost)
        txid, payload = follower.next()
        self.assertEqual(lost.first_txid, 2)
        self.assertEqual(lost.last_txid + 1, txid)
        self.assertTrue(payload.startswith(b"event "))
        while (record := follower.next()) is not None:
            self.assertEqual(record[0], txid + 1)
            txid = record[0]
        self.assertEqual(txid, 10)
        self.assertFalse(follower.wait(0))
        log.append(b"more", sync=True)
        self.assertTrue(follower.wait(60))
        self.assertEqual(follower.next(), (11, b"more"))


if __name__ == "__main__":
    unittest.main()
