// Several files as one: what salvage made, for a download.

function header(name, size) {
  const bytes = new Uint8Array(512);
  const put = (at, text) => bytes.set(new TextEncoder().encode(text), at);
  const octal = (number, digits) => number.toString(8).padStart(digits, '0');
  put(0, name);
  put(100, '0000600\0');
  put(108, '0000000\0');
  put(116, '0000000\0');
  put(124, octal(size, 11) + '\0');
  put(136, octal(Math.floor(Date.now() / 1000), 11) + '\0');
  put(148, '        ');
  put(156, '0');
  put(257, 'ustar\0' + '00');
  put(148, octal(bytes.reduce((sum, byte) => sum + byte, 0), 6) + '\0 ');
  return bytes;
}

// [{name, blob}]; each below 8 GiB.
export function tarOf(directory, files) {
  const parts = files.flatMap(({name, blob}) =>
    [header(`${directory}/${name}`, blob.size), blob, new Uint8Array((512 - blob.size % 512) % 512)]);
  return new Blob([...parts, new Uint8Array(1024)], {type: 'application/x-tar'});
}
