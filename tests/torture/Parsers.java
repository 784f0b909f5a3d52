import java.io.*;
import java.net.*;
import java.nio.charset.StandardCharsets;
import java.util.*;

/**
 * The servers' own parsers in one process, each distribution behind a class loader of its own.
 *
 * Arguments: NAME=FOLDER for each distribution, the folder being that of its jars. Requests, one a line: a parser and
 * the path of a file in hexadecimal digits of UTF-8. The parser is "properties", java.util.Properties alone, or the
 * name of a distribution. Answers, one a line: "entries" and key=value pairs in hexadecimal digits of UTF-16, or
 * "refused" and the reason.
 */
public class Parsers {
    private static final List<String> GETTERS = List.of(
        "getDataDir", "getDataLogDir", "getTickTime", "getInitLimit", "getSyncLimit", "getMaxClientCnxns",
        "getMinSessionTimeout", "getMaxSessionTimeout", "getSnapRetainCount", "getPurgeInterval", "getServerId",
        "getPeerType");

    private final Map<String, ClassLoader> loaders = new HashMap<>();

    public static void main(String[] arguments) throws Exception {
        PrintStream output = System.out;
        System.setOut(new PrintStream(OutputStream.nullOutputStream()));
        System.setErr(new PrintStream(OutputStream.nullOutputStream()));
        Parsers parsers = new Parsers();
        for (String argument : arguments) {
            String[] parts = argument.split("=", 2);
            parsers.loaders.put(parts[0], loader(new File(parts[1])));
        }
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        for (String line; (line = input.readLine()) != null; ) {
            String[] words = line.split(" ");
            String path = new String(HexFormat.of().parseHex(words[1]), StandardCharsets.UTF_8);
            output.println(parsers.answer(words[0], path));
            output.flush();
        }
    }

    private static ClassLoader loader(File folder) throws IOException {
        List<URL> jars = new ArrayList<>();
        for (File jar : folder.listFiles((ignored, name) -> name.endsWith(".jar"))) {
            jars.add(jar.toURI().toURL());
        }
        return new URLClassLoader(jars.toArray(new URL[0]), ClassLoader.getPlatformClassLoader());
    }

    private String answer(String parser, String path) {
        try {
            SortedMap<String, String> entries;
            if (parser.equals("properties")) {
                entries = properties(path);
            } else {
                ClassLoader loader = loaders.get(parser);
                Thread.currentThread().setContextClassLoader(loader);
                entries = parser.startsWith("zookeeper") ? zookeeper(loader, path) : kafka(loader, path);
            }
            StringJoiner told = new StringJoiner(" ", "entries ", "");
            entries.forEach((key, value) -> told.add(hex(key) + "=" + hex(value)));
            return told.toString();
        } catch (Throwable refused) {
            Throwable cause = refused instanceof java.lang.reflect.InvocationTargetException ? refused.getCause() : refused;
            StringBuilder reasons = new StringBuilder();
            for (; cause != null; cause = cause.getCause()) {
                reasons.append(cause).append("; ");
            }
            return "refused " + hex(reasons.toString());
        }
    }

    private static SortedMap<String, String> properties(String path) throws IOException {
        Properties properties = new Properties();
        try (InputStream stream = new FileInputStream(path)) {
            properties.load(stream);
        }
        return texts(properties);
    }

    private static SortedMap<String, String> texts(Map<?, ?> properties) {
        SortedMap<String, String> texts = new TreeMap<>();
        properties.forEach((key, value) -> texts.put(String.valueOf(key), String.valueOf(value)));
        return texts;
    }

    /** What a server has taken from the file: its getters, its rows, and the system properties that it has set. */
    private static SortedMap<String, String> zookeeper(ClassLoader loader, String path) throws Exception {
        Class<?> type = loader.loadClass("org.apache.zookeeper.server.quorum.QuorumPeerConfig");
        Object config = type.getDeclaredConstructor().newInstance();
        Properties before = (Properties) System.getProperties().clone();
        SortedMap<String, String> entries = new TreeMap<>();
        try {
            type.getMethod("parse", String.class).invoke(config, path);
            System.getProperties().forEach((key, value) -> {
                if (!value.equals(before.get(key))) {
                    entries.put("system " + key, String.valueOf(value));
                }
            });
        } finally {
            System.setProperties(before);
        }
        for (String getter : GETTERS) {
            entries.put(getter, String.valueOf(type.getMethod(getter).invoke(config)));
        }
        InetSocketAddress client = (InetSocketAddress) type.getMethod("getClientPortAddress").invoke(config);
        entries.put("getClientPort", String.valueOf(client.getPort()));
        Map<?, ?> servers = (Map<?, ?>) type.getMethod("getServers").invoke(config);
        for (Map.Entry<?, ?> server : servers.entrySet()) {
            entries.put("server " + server.getKey(), row(server.getValue()));
        }
        return entries;
    }

    private static String row(Object server) throws Exception {
        Class<?> type = server.getClass();
        try {
            String ports = type.getField("port").get(server) + ":" + type.getField("electionPort").get(server);
            String role = String.valueOf(type.getField("type").get(server)).toLowerCase(Locale.ROOT);
            return type.getField("hostname").get(server) + ":" + ports + ":" + role;
        } catch (NoSuchFieldException newer) {
            return server.toString();
        }
    }

    /** What a broker starts from: the file read as the broker reads it, its rules enforced, its variables resolved. */
    private static SortedMap<String, String> kafka(ClassLoader loader, String path) throws Exception {
        Class<?> utils = loader.loadClass("org.apache.kafka.common.utils.Utils");
        Object properties = utils.getMethod("loadProps", String.class).invoke(null, path);
        Class<?> type = loader.loadClass("kafka.server.KafkaConfig");
        Object config = type.getConstructor(Map.class).newInstance(properties);
        return texts((Map<?, ?>) type.getMethod("originals").invoke(config));
    }

    private static String hex(String text) {
        StringBuilder digits = new StringBuilder();
        text.chars().forEach(unit -> digits.append(String.format("%04x", unit)));
        return digits.toString();
    }
}
