import java.io.*;
import java.lang.reflect.*;
import java.net.*;
import java.nio.charset.StandardCharsets;
import java.util.*;
import java.util.jar.*;
import java.util.regex.*;

/**
 * What the servers define of their keys and properties, one line each: distribution, name, type, check, default.
 *
 * Arguments: NAME=FOLDER for each distribution, the folder being that of its jars. The working directory is one with a
 * file myid, for a server that is no other's. Fields are parted by tabs. The check
 * is an interval (1..9, several behind each other with commas), words in braces ({a,b}; {i:a,b} in any case), + for
 * what may not be empty, or nothing.
 */
public class Definitions {
    private static final int LAST_PROBED = 100;

    /** Settings of classes that come with the broker, which its own definitions leave out. */
    private static final List<String> OF_CLASSES = List.of(
        "allow.everyone.if.no.acl.found", "authorizer.zookeeper.connection.timeout.ms",
        "authorizer.zookeeper.max.in.flight.requests", "authorizer.zookeeper.session.timeout.ms",
        "authorizer.zookeeper.url", "config.providers", "kafka.csv.metrics.dir", "kafka.csv.metrics.reporter.enabled",
        "kafka.metrics.polling.interval.secs", "kafka.metrics.reporters", "metrics.jmx.exclude", "metrics.jmx.include",
        "super.users");

    public static void main(String[] arguments) throws Exception {
        PrintStream output = System.out;
        System.setOut(new PrintStream(OutputStream.nullOutputStream()));
        for (String argument : arguments) {
            String[] parts = argument.split("=", 2);
            List<File> jars = new ArrayList<>(List.of(new File(parts[1]).listFiles((ignored, name) -> name.endsWith(".jar"))));
            Collections.sort(jars);
            List<URL> addresses = new ArrayList<>();
            for (File jar : jars) {
                addresses.add(jar.toURI().toURL());
            }
            URLClassLoader loader = new URLClassLoader(addresses.toArray(new URL[0]), ClassLoader.getPlatformClassLoader());
            Thread.currentThread().setContextClassLoader(loader);
            Map<String, String> found = parts[0].startsWith("zookeeper") ? zookeeper(loader, jars) : kafka(loader, jars);
            found.forEach((name, rest) -> output.println(parts[0] + "\t" + name + "\t" + rest));
        }
        output.flush();
    }

    // --- Kafka ---------------------------------------------------------------------------------------------------------

    private static SortedMap<String, String> kafka(ClassLoader loader, List<File> jars) throws Exception {
        SortedMap<String, String> found = new TreeMap<>();
        Set<String> texts = texts(jars, "(kafka|org/apache/kafka|org/apache/zookeeper)/.*");
        OF_CLASSES.stream().filter(texts::contains).forEach(name -> found.put(name, "STRING\t\t"));
        Object definition = definition(loader);
        if (definition == null) {
            found.putAll(reads(loader));
            return found;
        }
        Field keys = definition.getClass().getDeclaredField("configKeys");
        keys.setAccessible(true);
        for (Object key : ((Map<?, ?>) keys.get(definition)).values()) {
            Class<?> type = key.getClass();
            String kind = String.valueOf(type.getField("type").get(key));
            Object validator = type.getField("validator").get(key);
            Object byDefault = type.getField("defaultValue").get(key);
            boolean isRequired = byDefault != null && byDefault.getClass() == Object.class;
            String check = validator == null ? "" : check(kind, validator);
            found.put((String) type.getField("name").get(key), kind + "\t" + check + "\t" + (isRequired ? "" : shown(byDefault)));
        }
        return found;
    }

    /** The broker's definitions; null before 0.9, which has none. */
    private static Object definition(ClassLoader loader) throws Exception {
        Class<?> companion;
        try {
            companion = loader.loadClass("kafka.server.KafkaConfig$");
        } catch (ClassNotFoundException older) {
            return null;
        }
        for (Field field : companion.getDeclaredFields()) {
            if (field.getType().getName().endsWith(".ConfigDef")) {
                field.setAccessible(true);
                return field.get(companion.getField("MODULE$").get(null));
            }
        }
        return null;
    }

    private static String shown(Object value) {
        if (value instanceof Class) {
            return ((Class<?>) value).getName();
        }
        if (value instanceof Collection) {
            StringJoiner joined = new StringJoiner(",");
            ((Collection<?>) value).forEach(each -> joined.add(shown(each)));
            return joined.toString();
        }
        return value == null ? "" : String.valueOf(value);
    }

    private static String check(String kind, Object validator) throws Exception {
        switch (validator.getClass().getSimpleName()) {
            case "Range":
                return edge(field(validator, "min")) + ".." + edge(field(validator, "max"));
            case "ValidString":
                return words("", field(validator, "validStrings"));
            case "CaseInsensitiveValidString":
                return words("i:", field(validator, "validStrings"));
            case "ValidList":
                Collection<?> allowed = (Collection<?>) field(field(validator, "validString"), "validStrings");
                return allowed.isEmpty() ? "" : words("", allowed);
            case "NonEmptyString":
                return "+";
            default:
                return List.of("INT", "LONG", "SHORT").contains(kind) ? probed(kind, validator) : "";
        }
    }

    private static Object field(Object owner, String name) throws Exception {
        Field field = owner.getClass().getDeclaredField(name);
        field.setAccessible(true);
        return field.get(owner);
    }

    private static String edge(Object number) {
        return number == null ? "" : String.valueOf(number).replaceFirst("[.]0$", "");
    }

    private static String words(String prefix, Object words) {
        SortedSet<String> sorted = new TreeSet<>();
        ((Collection<?>) words).forEach(word -> sorted.add(String.valueOf(word)));
        return "{" + prefix + String.join(",", sorted) + "}";
    }

    /** The intervals of small numbers that a validator without a description takes. */
    private static String probed(String kind, Object validator) throws Exception {
        Method method = null;
        for (Method each : validator.getClass().getMethods()) {
            method = each.getName().equals("ensureValid") ? each : method;
        }
        method.setAccessible(true);
        boolean[] taken = new boolean[LAST_PROBED + 4];
        for (int number = -3; number <= LAST_PROBED; number++) {
            Object value = kind.equals("INT") ? (Object) number : kind.equals("LONG") ? (Object) (long) number : (Object) (short) number;
            try {
                method.invoke(validator, "probed", value);
                taken[number + 3] = true;
            } catch (InvocationTargetException refused) {
                taken[number + 3] = false;
            }
        }
        return intervals(taken);
    }

    private static String intervals(boolean[] taken) {
        StringJoiner joined = new StringJoiner(",");
        for (int from = 0; from < taken.length; from++) {
            if (!taken[from]) {
                continue;
            }
            int to = from;
            while (to + 1 < taken.length && taken[to + 1]) {
                to++;
            }
            joined.add((from == 0 ? "" : from - 3) + ".." + (to == taken.length - 1 ? "" : to - 3));
            from = to;
        }
        return joined.toString().equals("..") ? "" : joined.toString();
    }

    private static final Pattern PROPERTY = Pattern.compile("// String ([a-z.]+)$");

    /** What a broker without definitions reads of its file: the calls in the constructors of 0.8.2. */
    private static SortedMap<String, String> reads(ClassLoader loader) throws Exception {
        SortedMap<String, String> found = new TreeMap<>();
        Pattern call = Pattern.compile("VerifiableProperties[.](get[A-Za-z]+):");
        File jar = null;
        for (URL each : ((URLClassLoader) loader).getURLs()) {
            jar = each.getPath().contains("/kafka_") ? new File(each.toURI()) : jar;
        }
        for (String type : List.of("kafka.server.KafkaConfig", "kafka.utils.ZKConfig", "kafka.metrics.KafkaMetricsConfig")) {
            List<String> code = disassembled(jar, type);
            for (int at = 0; at < code.size(); at++) {
                Matcher matcher = call.matcher(code.get(at));
                Matcher name = PROPERTY.matcher(code.get(at));
                if (matcher.find()) {
                    note(found, matcher.group(1), pushed(code, at));
                } else if (name.find() && name.group(1).contains(".")) {
                    // The outer one of two calls, of which the inner one says the default: log.dirs and log.dir.
                    found.putIfAbsent(name.group(1), "STRING\t\t");
                }
            }
        }
        return found;
    }

    private static List<String> disassembled(File jar, String type) throws Exception {
        StringWriter text = new StringWriter();
        java.util.spi.ToolProvider javap = java.util.spi.ToolProvider.findFirst("javap").orElseThrow();
        javap.run(new PrintWriter(text), new PrintWriter(Writer.nullWriter()), "-cp", jar.getPath(), "-c", "-p", type);
        return List.of(text.toString().split("\n"));
    }

    /** The instructions behind the last text that looks like a property, before the call at an index; the text first. */
    private static List<String> pushed(List<String> code, int call) {
        List<String> found = new ArrayList<>();
        for (int at = call - 1; at >= 0; at--) {
            Matcher text = PROPERTY.matcher(code.get(at));
            if (text.find() && !List.of("delete", "file", "none").contains(text.group(1))) {
                found.add(text.group(1));
                Collections.reverse(found);
                return found;
            }
            found.add(code.get(at));
        }
        return found;
    }

    private static void note(Map<String, String> found, String reader, List<String> code) {
        String kind = switch (reader) {
            case "getInt", "getIntInRange" -> "INT";
            case "getLong", "getLongInRange" -> "LONG";
            case "getBoolean" -> "BOOLEAN";
            case "getDouble" -> "DOUBLE";
            case "getShort", "getShortInRange" -> "SHORT";
            default -> "STRING";
        };
        String check = "";
        if (reader.endsWith("InRange")) {
            List<String> numbers = new ArrayList<>();
            Pattern number = Pattern.compile("([ilsb](?:const|ipush)(?:_m1|_[0-9])?|bipush|sipush)\\s*(-?[0-9]*)\\s*$|// (?:int|long) (-?[0-9]+)l?$");
            for (String line : code.subList(1, code.size())) {
                if (line.contains("class scala/Tuple2")) {
                    numbers.clear();
                }
                Matcher matcher = number.matcher(line);
                if (matcher.find()) {
                    String constant = matcher.group(3) != null ? matcher.group(3) : matcher.group(2);
                    numbers.add(constant.isEmpty() ? matcher.group(1).replaceFirst(".*_", "").replace("m1", "-1") : constant);
                }
            }
            if (numbers.size() >= 2) {
                String low = numbers.get(numbers.size() - 2);
                String high = numbers.get(numbers.size() - 1);
                boolean isUnbounded = high.equals("2147483647") || high.equals("9223372036854775807");
                check = low + ".." + (isUnbounded ? "" : high);
            }
        }
        found.merge(code.get(0), kind + "\t" + check + "\t", (old, now) -> old.startsWith("STRING") ? now : old);
    }

    // --- ZooKeeper -----------------------------------------------------------------------------------------------------

    private static final String CONFIG = "org.apache.zookeeper.server.quorum.QuorumPeerConfig";

    /** Keys that go together: a key that only counts beside others is tried beside them. */
    private static final List<Map<String, String>> CONTEXTS = List.of(
        Map.of(),
        Map.of("quorum.auth.enableSasl", "true", "quorum.auth.learnerRequireSasl", "true"),
        Map.of("secureClientPort", "2281"),
        Map.of("minSessionTimeout", "1"),
        Map.of("server.1", "localhost:2888:3888", "server.2", "localhost:2889:3889", "server.3", "localhost:2890:3890"));

    /** What a file must say; standaloneEnabled is kept from one file to the next. */
    private static final Map<String, String> NEEDED = Map.of(
        "clientPort", "2181", "tickTime", "2000", "initLimit", "10", "syncLimit", "5", "standaloneEnabled", "true");

    private static final String NO_METRICS = "org.apache.zookeeper.metrics.impl.NullMetricsProvider";

    private static SortedMap<String, String> zookeeper(ClassLoader loader, List<File> jars) throws Exception {
        SortedMap<String, String> found = new TreeMap<>();
        Set<String> texts = texts(jars, "org/apache/zookeeper/(audit|common|jmx|metrics|server|util)/.*|org/apache/zookeeper/[^/]*Login[^/]*");
        for (String text : texts) {
            if (text.matches("zookeeper[.][A-Za-z0-9_.-]+[A-Za-z0-9]")) {
                found.put(text.substring("zookeeper.".length()), "STRING\t\t");
            }
        }
        for (String util : List.of("common.ClientX509Util", "common.QuorumX509Util")) {
            found.putAll(tls(loader, "org.apache.zookeeper." + util));
        }
        Class<?> type = loader.loadClass(CONFIG);
        for (String key : texts(jars, CONFIG.replace('.', '/') + "[.]class")) {
            if (key.matches("[A-Za-z][A-Za-z0-9.-]*[A-Za-z0-9]") && isParsed(type, key)) {
                found.put(key, parsed(type, key));
            }
        }
        return found;
    }

    private static Map<String, String> tls(ClassLoader loader, String name) throws Exception {
        Map<String, String> found = new TreeMap<>();
        Class<?> type;
        try {
            type = loader.loadClass(name);
        } catch (ClassNotFoundException older) {
            return found;
        }
        Constructor<?> constructor = type.getDeclaredConstructor();
        constructor.setAccessible(true);
        Object util = constructor.newInstance();
        for (Method method : type.getMethods()) {
            if (method.getName().matches("get.*Property") && method.getParameterCount() == 0) {
                method.setAccessible(true);
                found.put(String.valueOf(method.invoke(util)).replaceFirst("^zookeeper[.]", ""), "STRING\t\t");
            }
        }
        return found;
    }

    /** Whether the parser knows a key: what it does not know becomes a system property. */
    private static boolean isParsed(Class<?> type, String key) throws Exception {
        for (String value : List.of("1", "3", "60000", "true", "observer", NO_METRICS)) {
            Properties before = (Properties) System.getProperties().clone();
            try {
                if (takes(type, key, value) && System.getProperty("zookeeper." + key) == null) {
                    return true;
                }
            } finally {
                System.setProperties(before);
            }
        }
        return false;
    }

    private static String parsed(Class<?> type, String key) throws Exception {
        // What takes an address looks the word up.
        if (accepts(type, key, "neither-word-nor-number") || accepts(type, key, "127.0.0.1") || accepts(type, key, NO_METRICS)) {
            return "STRING\t\t";
        }
        SortedSet<String> words = new TreeSet<>();
        for (String word : List.of("true", "false", "observer", "participant", "yes", "no")) {
            if (accepts(type, key, word)) {
                words.add(word);
            }
        }
        if (words.equals(Set.of("true", "false"))) {
            return "BOOLEAN\t\t";
        }
        boolean[] taken = new boolean[LAST_PROBED + 4];
        boolean isNumber = false;
        for (int number = -3; number <= LAST_PROBED; number++) {
            taken[number + 3] = accepts(type, key, String.valueOf(number));
            isNumber |= taken[number + 3];
        }
        if (!isNumber) {
            return "STRING\t" + (words.isEmpty() ? "" : "{i:" + String.join(",", words) + "}") + "\t";
        }
        String check = intervals(taken);
        if (check.endsWith("..") && !accepts(type, key, "65536") && accepts(type, key, "65535")) {
            check += "65535";
        }
        return (accepts(type, key, "2147483648") ? "LONG" : "INT") + "\t" + check + "\t";
    }

    private static boolean accepts(Class<?> type, String key, String value) throws Exception {
        Properties before = (Properties) System.getProperties().clone();
        try {
            return takes(type, key, value);
        } finally {
            System.setProperties(before);
        }
    }

    private static boolean takes(Class<?> type, String key, String value) throws Exception {
        for (Map<String, String> context : CONTEXTS) {
            Properties properties = new Properties();
            properties.putAll(NEEDED);
            properties.setProperty("dataDir", System.getProperty("user.dir"));
            properties.putAll(context);
            properties.setProperty(key, value);
            try {
                type.getMethod("parseProperties", Properties.class).invoke(type.getDeclaredConstructor().newInstance(), properties);
                return true;
            } catch (InvocationTargetException refused) {
                continue;
            }
        }
        return false;
    }

    // --- Class files ---------------------------------------------------------------------------------------------------

    /** The texts in the constant pools of the classes of a pattern. */
    private static Set<String> texts(List<File> jars, String pattern) throws IOException {
        Set<String> found = new TreeSet<>();
        for (File file : jars) {
            try (JarFile jar = new JarFile(file)) {
                for (JarEntry entry : Collections.list(jar.entries())) {
                    if (entry.getName().endsWith(".class") && entry.getName().matches(pattern)) {
                        try (DataInputStream stream = new DataInputStream(new BufferedInputStream(jar.getInputStream(entry)))) {
                            addTexts(found, stream);
                        }
                    }
                }
            }
        }
        return found;
    }

    private static void addTexts(Set<String> found, DataInputStream stream) throws IOException {
        stream.readLong();
        int count = stream.readUnsignedShort();
        for (int index = 1; index < count; index++) {
            int tag = stream.readUnsignedByte();
            switch (tag) {
                case 1 -> found.add(stream.readUTF());
                case 5, 6 -> {
                    stream.readLong();
                    index++;
                }
                case 7, 8, 16, 19, 20 -> stream.readUnsignedShort();
                case 15 -> stream.skipBytes(3);
                default -> stream.readInt();
            }
        }
    }
}
