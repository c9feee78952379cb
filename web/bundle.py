#!/usr/bin/env python3
"""One self-contained page of index.html, its style, its modules, the worker and the WebAssembly module.

usage: bundle.py PAGE_DIRECTORY MODULE.wasm OUT.html OUT.cpp

OUT.html opens stores; OUT.cpp is the same for `datawal page`, which puts one inside.

The modules are joined into one script: a page that is opened by file:// may load none. So their names must differ, and they import
from each other by name only. An import of what is not exported, or a name that two modules have, ends it with an error.
"""
import base64
import pathlib
import re
import sys
import zlib

IMPORT = re.compile(r"^import \{([^}]*)\} from '\./([\w.-]+)';\n", re.MULTILINE)
EXPORT = re.compile(r'^export (?:async )?(?:class|function|const|let) ([\w$]+)', re.MULTILINE)
TOP = re.compile(r'^(?:export )?(?:async )?(?:class|function|const|let) ([\w$]+)', re.MULTILINE)


def joined(directory, name, done, names):
    """The text of a module behind that of all it imports."""
    if name in done:
        return ''
    done[name] = None
    text = (directory / name).read_text(encoding='utf-8')
    before = ''
    for match in IMPORT.finditer(text):
        wanted, other = match.group(1), match.group(2)
        before += joined(directory, other, done, names)
        exported = set(EXPORT.findall((directory / other).read_text(encoding='utf-8')))
        for one in (word.strip() for word in wanted.split(',')):
            if one not in exported:
                sys.exit(f'{directory / name}: {other} does not export {one}')
    for one in TOP.findall(text):
        if names.setdefault(one, name) != name:
            sys.exit(f'{directory / name}: {one} is also a name of {names[one]}')
    done[name] = True
    return before + f'// {name}\n' + IMPORT.sub('', text).replace('\nexport ', '\n')


def deflated(path):
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return base64.b64encode(packer.compress(path.read_bytes()) + packer.flush()).decode()


def as_source(text):
    """The page as a constant of the program, by lines: no compiler likes one long literal."""
    pieces = []
    for line in text.splitlines(keepends=True):
        for at in range(0, len(line), 4000):
            piece = line[at:at + 4000].encode()
            pieces.append('"' + ''.join(
                chr(byte) if 0x20 <= byte < 0x7f and byte not in b'"\\?' else f'\\{byte:03o}' for byte in piece) + '"')
    return ('#include "cli/page/template.hpp"\n\nnamespace datawal::cli {\n\nnamespace {\n\nconstexpr char page[] =\n'
            + '\n'.join(pieces) + ';\n\n}  // namespace\n\n'
            'std::string_view page_template() noexcept { return {page, sizeof page - 1}; }\n\n}  // namespace datawal::cli\n')


def main(directory, module, out, source):
    directory = pathlib.Path(directory)
    script = joined(directory, 'main.js', {}, {})
    parts = {
        '/*STYLE*/': (directory / 'style.css').read_text(encoding='utf-8'),
        '/*READER*/': (directory / 'reader.js').read_text(encoding='utf-8'),
        '/*WASM*/': deflated(pathlib.Path(module)),
        '/*SCRIPT*/': "'use strict';\n(() => {\n" + script + '})();\n',
    }
    page = (directory / 'index.html').read_text(encoding='utf-8')
    for mark, text in parts.items():
        if page.count(mark) != 1 or ('</script' in text and mark != '/*STYLE*/'):
            sys.exit(f'{directory}/index.html: {mark} is not there once, or would end its element')
        page = page.replace(mark, text)
    pathlib.Path(out).parent.mkdir(parents=True, exist_ok=True)
    pathlib.Path(source).write_text(as_source(page), encoding='utf-8')
    opener = page.replace('/*REPORT*/', '').replace('<!--FILES-->\n', '')
    pathlib.Path(out).write_text(opener, encoding='utf-8')


if __name__ == '__main__':
    main(*sys.argv[1:])
