import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.Watcher.Event.KeeperState;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.ZooKeeper;
import org.slf4j.LoggerFactory;

/**
 * `Pauses KIND NUMBER SERVERS`: what pauses.py does, by ZooKeeper's own client. A write that fails is tried again at
 * once; a session that has expired gets a successor.
 */
public final class Pauses {
    private static final int SESSION = 10_000;
    private static final long REST = 100;
    private static final double TOLD = 0.3;
    private static final double PULSE = 5;

    private final String name;
    private final String servers;
    private ZooKeeper client;

    private Pauses(String name, String servers) {
        this.name = name;
        this.servers = servers;
    }

    public static void main(String[] arguments) {
        ((Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME)).setLevel(Level.INFO);
        for (int one = 0; one < Integer.parseInt(arguments[1]); one++) {
            Pauses pauses = new Pauses(arguments[0] + "-" + one, arguments[2]);
            new Thread(pauses::write, pauses.name).start();
        }
    }

    private void write() {
        try {
            connect();
            make("/pauses");
            make("/pauses/" + name);
            double last = now();
            double pulse = last;
            while (true) {
                untilAcknowledged(() -> client.setData("/pauses/" + name, new byte[0], -1));
                double now = now();
                if (now - last > TOLD) {
                    say("\"since\": %.3f, \"until\": %.3f", last, now);
                }
                last = now;
                if (now - pulse > PULSE) {
                    pulse = now;
                    say("\"at\": %.3f", now);
                }
                Thread.sleep(REST);
            }
        } catch (Exception error) {
            throw new IllegalStateException(error);
        }
    }

    private void connect() throws Exception {
        CountDownLatch connected = new CountDownLatch(1);
        client = new ZooKeeper(servers, SESSION, event -> {
            if (event.getState() == KeeperState.SyncConnected) {
                connected.countDown();
            }
        });
        connected.await();
    }

    private void make(String path) throws Exception {
        untilAcknowledged(() -> {
            try {
                client.create(path, new byte[0], ZooDefs.Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
            } catch (KeeperException.NodeExistsException error) {
                return;
            }
        });
    }

    private void untilAcknowledged(Command command) throws Exception {
        while (true) {
            try {
                command.run();
                return;
            } catch (KeeperException.ConnectionLossException error) {
                Thread.onSpinWait();
            } catch (KeeperException.SessionExpiredException error) {
                client.close();
                connect();
            }
        }
    }

    private void say(String format, Object... told) {
        System.out.println(String.format(Locale.ROOT, "{\"client\": \"" + name + "\", " + format + "}", told));
    }

    private static double now() {
        return System.currentTimeMillis() / 1000.0;
    }

    @FunctionalInterface
    private interface Command {
        void run() throws Exception;
    }
}
