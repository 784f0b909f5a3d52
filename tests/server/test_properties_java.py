"""Java's own reader of .properties against ours: the same keys and values for thousands of texts, in one JVM."""

import random
import subprocess
from pathlib import Path

import pytest

from tests.server.toolchain import java
from tests.unit.pod.test_properties import MALFORMED, READ, RENDERED
from zkboot.pod.properties import ENCODING, parse, render

pytestmark = pytest.mark.server

TEXTS = 4000
SEED = 20170501

# Reads texts as lines of hexadecimal digits; prints each one's entries, sorted, or that Java refuses it.
READER = """
import java.io.*;
import java.util.*;

public class Reader {
    static String hex(String text) {
        StringBuilder digits = new StringBuilder();
        text.chars().forEach(unit -> digits.append(String.format("%04x", unit)));
        return digits.toString();
    }

    public static void main(String[] arguments) throws IOException {
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
        PrintStream output = new PrintStream(new BufferedOutputStream(System.out));
        for (String line; (line = input.readLine()) != null; ) {
            Properties properties = new Properties();
            try {
                properties.load(new ByteArrayInputStream(HexFormat.of().parseHex(line)));
            } catch (IllegalArgumentException malformed) {
                output.println("malformed");
                continue;
            }
            StringJoiner entries = new StringJoiner(" ", "entries ", "");
            for (String key : new TreeSet<>(properties.stringPropertyNames())) {
                entries.add(hex(key) + "=" + hex(properties.getProperty(key)));
            }
            output.println(entries);
        }
        output.flush();
    }
}
"""


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the source of the reader; java compiles it on its way, where it is a JDK's."""
    modules = subprocess.run([java(), "--list-modules"], capture_output=True, text=True, check=True).stdout
    if "jdk.compiler@" not in modules:
        pytest.skip("java has no compiler: install a JDK, for example: apt-get install default-jdk-headless")
    source = tmp_path_factory.mktemp("java") / "Reader.java"
    source.write_text(READER)
    return source


def random_text(source: random.Random) -> str:
    """Return a short text made of what the format treats specially."""
    letters = source.choices(" \t\f\r\n\\\\\\=:#!ab\xe9\x85u", k=source.randrange(30))
    # A "u" behind a backslash is an escape, of which a random one is seldom well-formed.
    return "".join(source.choice(["u0041", "u00e9", "uD83D", "u12"]) if letter == "u" else letter for letter in letters)


def shown(entries: dict[str, str]) -> str:
    """Return *entries* as the reader prints them."""

    def as_hex(text: str) -> str:
        return text.encode("utf-16-be", "surrogatepass").hex()

    ordered = sorted(entries.items(), key=lambda entry: entry[0].encode("utf-16-be", "surrogatepass"))
    return " ".join(["entries", *(f"{as_hex(key)}={as_hex(value)}" for key, value in ordered)])


def ours(text: str) -> str:
    """Return what the reader should print for *text*."""
    try:
        return shown(parse(text))
    except ValueError:
        return "malformed"


def test_java_reads_every_text_as_we_do(reader: Path) -> None:
    """Our tables, what we render, and thousands of random texts."""
    source = random.Random(SEED)
    texts = [text for text, _ in READ] + [text for text in MALFORMED if text.isascii()]
    texts += [text for _, _, text in RENDERED]
    texts += [render({random_text(source): random_text(source)}) for _ in range(TEXTS // 4)]
    texts += [random_text(source) for _ in range(TEXTS)]
    lines = "".join(text.encode(ENCODING).hex() + "\n" for text in texts)
    done = subprocess.run([java(), str(reader)], input=lines, capture_output=True, text=True, timeout=600, check=False)

    assert done.stderr == ""
    answers = done.stdout.splitlines()
    assert len(answers) == len(texts)
    wrong = [(text, answer) for text, answer in zip(texts, answers, strict=True) if answer.rstrip() != ours(text)]
    assert wrong == []
