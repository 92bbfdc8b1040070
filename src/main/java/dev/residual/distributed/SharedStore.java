package dev.residual.distributed;

import dev.residual.ResidualException;
import dev.residual.tensor.Scope;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.Socket;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.chrono.Milliseconds;
import org.bytedeco.pytorch.IntOptional;
import org.bytedeco.pytorch.PrefixStore;
import org.bytedeco.pytorch.StringVector;
import org.bytedeco.pytorch.TCPStore;
import org.bytedeco.pytorch.TCPStoreOptions;

/**
 * Names and values that all processes see: c10d's {@code TCPStore}, served by process 0 on one address, or on all where that
 * is asked for, or by torchrun.
 */
final class SharedStore {
    private static final int AF_INET = 2;
    private static final int AF_INET6 = System.getProperty("os.name").startsWith("Mac") ? 30 : 10;
    private static final int BACKLOG = 1024;
    private static final Duration RETRY = Duration.ofMillis(200);

    /**
     * Never freed, since a program has few. c10d counts the references to a store, but JavaCPP's presets (2.10.0-1.5.13)
     * make it by a plain {@code new} and free it by {@code delete}, whoever still refers to it: a prefix, or a process
     * group. Freed from here, it corrupted libtorch's heap.
     */
    private static final Queue<SharedStore> ALL = new ConcurrentLinkedQueue<>();

    private final TCPStore connection;
    private final PrefixStore values;

    private SharedStore(TCPStoreOptions options, World.Master master) {
        connection = Scope.current().keep(new TCPStore(master.host(), options));
        values = Scope.current().keep(new PrefixStore("residual/" + master.attempt(), connection));
        ALL.add(this);
    }

    /**
     * Serves a store, at a free port where the master's is 0.
     *
     * @throws ResidualException when it cannot listen there
     */
    static SharedStore serve(World.Master master, Duration timeout) {
        InetAddress address = local(master);
        try (Scope scope = Scope.open()) {
            TCPStoreOptions options = options(timeout).isServer(true);
            options.masterListenFd(new IntOptional(listen(address, master.port())));
            options.port((short) master.port());
            return new SharedStore(options, master);
        } catch (RuntimeException e) {
            throw new ResidualException(
                    "cannot listen at " + address.getHostAddress() + ":" + master.port() + ": "
                            + ResidualException.firstLine(e)
                            + " (--bind ADDRESS takes another address of this machine)",
                    e);
        }
    }

    /**
     * Connects to one that is served.
     *
     * @throws ResidualException when there is none within this time
     */
    static SharedStore connect(World.Master master, Duration limit, Duration timeout) {
        awaitServer(master, limit);
        try (Scope scope = Scope.open()) {
            return new SharedStore(options(timeout).port((short) master.port()), master);
        } catch (RuntimeException e) {
            throw new ResidualException(
                    "cannot use what answers at " + master + ": " + ResidualException.firstLine(e), e);
        }
    }

    private static TCPStoreOptions options(Duration timeout) {
        return new TCPStoreOptions().waitWorkers(false).timeout(new Milliseconds(timeout.toMillis()));
    }

    /** c10d itself would listen on all of the machine's addresses; a socket that listens already it takes over. */
    private static int listen(InetAddress address, int port) {
        byte[] bytes = address.getAddress();
        boolean four = address instanceof Inet4Address;
        // sockaddr_in: family, port, address; sockaddr_in6: family, port, flow, address, scope.
        BytePointer socketAddress = new BytePointer(28).zero();
        ByteBuffer buffer = socketAddress.position(0).capacity(28).asByteBuffer();
        buffer.order(ByteOrder.nativeOrder()).putShort(0, (short) (four ? AF_INET : AF_INET6));
        buffer.order(ByteOrder.BIG_ENDIAN).putShort(2, (short) port);
        buffer.position(four ? 4 : 8);
        buffer.put(bytes);
        org.bytedeco.pytorch.gloo.Socket socket =
                org.bytedeco.pytorch.gloo.Socket.createForFamily(four ? AF_INET : AF_INET6);
        socket.reuseAddr(true);
        socket.bind(socketAddress, four ? 16 : 28);
        socket.listen(BACKLOG);
        return socket.release();
    }

    /** c10d would warn of every attempt. */
    private static void awaitServer(World.Master master, Duration limit) {
        long end = System.nanoTime() + limit.toNanos();
        while (true) {
            try (Socket socket = new Socket()) {
                socket.connect(new InetSocketAddress(master.host(), master.port()), (int) RETRY.toMillis() * 10);
                return;
            } catch (IOException e) {
                if (System.nanoTime() > end) {
                    throw new ResidualException(
                            "no answer from " + master + " for " + limit.toSeconds() + " s: "
                                    + ResidualException.reason(e),
                            e);
                }
            }
            pause(RETRY);
        }
    }

    /**
     * The address of this machine that the others connect to.
     *
     * @throws ResidualException when the address that was asked for is not this machine's
     */
    static InetAddress local(World.Master master) {
        try {
            if (master.bind().isPresent()) {
                InetAddress asked = InetAddress.getByName(master.bind().get());
                ResidualException.require(
                        asked.isAnyLocalAddress() || NetworkInterface.getByInetAddress(asked) != null,
                        "--bind " + master.bind().get() + ": not an address of this machine");
                return asked;
            }
            try (DatagramSocket socket =
                    new DatagramSocket()) { // connecting it sends nothing, but chooses the interface
                socket.connect(new InetSocketAddress(InetAddress.getByName(master.host()), Math.max(1, master.port())));
                return socket.getLocalAddress();
            }
        } catch (UnknownHostException e) {
            throw new ResidualException("no machine is called " + e.getMessage(), e);
        } catch (IOException e) {
            throw new ResidualException("cannot find a way to " + master + ": " + ResidualException.reason(e), e);
        }
    }

    int port() {
        return connection.getPort() & 0xffff;
    }

    /** For c10d's own use. */
    PrefixStore values() {
        return values;
    }

    void set(String key, String value) {
        try (Scope scope = Scope.open()) {
            values.set(key, value);
        }
    }

    /** Sets it unless it is set; the first of all processes wins. */
    void setOnce(String key, String value) {
        try (Scope scope = Scope.open()) {
            values.compareSet(key, "", value);
        }
    }

    /** @return the sum of what all processes have added */
    long add(String key, long count) {
        return values.add(key, count);
    }

    Optional<String> get(String key) {
        return has(List.of(key)) ? Optional.of(values.get_to_str(key)) : Optional.empty();
    }

    boolean has(List<String> keys) {
        try (Scope scope = Scope.open()) {
            return values.check(new StringVector(keys.toArray(String[]::new)));
        }
    }

    static void pause(Duration time) {
        try {
            Thread.sleep(time.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }
}
