package dev.residual.distributed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.residual.Json;
import dev.residual.ResidualException;
import dev.residual.distributed.World.Master;
import dev.residual.distributed.World.Place;
import dev.residual.tensor.Engine;
import dev.residual.tensor.Scope;
import dev.residual.tensor.Tensors;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Processes meet, compute together, and part. */
public class ProcessGroupTest {
    @TempDir
    Path folder;

    public static final class Collectives implements TestProcesses.Work {
        @Override
        public String apply(ProcessGroup group, String... arguments) {
            try (Scope scope = Scope.open()) {
                Tensor gradients = Tensors.of(new float[] {group.rank(), 10}, 2);
                double[] sums = group.allReduce(gradients, group.rank() + 1);
                Tensor buffer = Tensors.of(new float[] {group.rank() + 5}, 1);
                group.broadcast(buffer);
                byte[] bytes = group.broadcast(("from " + group.rank()).getBytes(StandardCharsets.UTF_8));
                double exact = group.allReduce(0.1)[0];
                return List.of(
                                Tensors.floats(gradients)[0],
                                Tensors.floats(gradients)[1],
                                sums[0],
                                Tensors.floats(buffer)[0],
                                new String(bytes, StandardCharsets.UTF_8),
                                exact)
                        .toString();
            }
        }
    }

    @Test
    void sumsAndBroadcastsAreThoseOfAllProcesses() throws IOException, InterruptedException {
        TestProcesses.End same = new TestProcesses.End(
                0, List.of(3f, 30f, 6.0, 5f, "from 0", 0.1 + 0.1 + 0.1).toString());
        assertThat(TestProcesses.run(3, folder, Collectives.class)).containsExactly(same, same, same);
    }

    public static final class OneFails implements TestProcesses.Work {
        @Override
        public String apply(ProcessGroup group, String... arguments) {
            ResidualException.require(group.rank() == 0, "the disk is full");
            return "" + group.allReduce(1.0)[0];
        }
    }

    /** All end with the sentence of the one that failed. */
    @Test
    void theFailureOfOneIsThatOfAll() throws IOException, InterruptedException {
        List<TestProcesses.End> ends = TestProcesses.run(2, folder, OneFails.class);
        assertThat(ends).extracting(TestProcesses.End::code).containsExactly(1, 1);
        assertThat(ends.get(0).said())
                .startsWith("process 1 (" + World.machine() + ") has ended: the disk is full")
                .doesNotContain("checkpoint"); // no training had begun
    }

    @Test
    void anotherVersionIsRefusedWithTheDifference() {
        assertThatThrownBy(() -> Rendezvous.requireSame(version("1.1"), version("1.0"), 1))
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining("is not like process 0: software.version is \"1.1\", there it is \"1.0\"");
    }

    private static JsonNode version(String version) {
        return Json.object().set("software", Json.object().put("version", version));
    }

    /** Who starts a command a second time ends neither the run nor its processes. */
    @Test
    void twoProcessesOfOneNumberAreRefused() {
        Engine.start(1);
        try (Rendezvous first = new Rendezvous(world(0, 2, 0, Optional.empty()));
                Rendezvous second =
                        new Rendezvous(world(1, 2, first.world().master().port(), Optional.empty()))) {
            World same = second.world();
            assertThatThrownBy(() -> new Rendezvous(same))
                    .isInstanceOf(ResidualException.class)
                    .hasMessageContaining("process 1 is there already");
            assertThat(store(first).has(List.of("failure"))).isFalse();
            assertThat(store(first).has(List.of("done/1"))).isFalse();
        }
    }

    /** Nor does one that is told of more processes than there are. */
    @Test
    void aProcessTooManyIsRefused() {
        Engine.start(1);
        try (Rendezvous first = new Rendezvous(world(0, 2, 0, Optional.empty()))) {
            store(first).set("joined/0", "{\"processes\": 2, \"software\": {}}");
            try (Rendezvous third =
                    new Rendezvous(world(2, 3, first.world().master().port(), Optional.empty()))) {
                assertThatThrownBy(() -> third.join(Json.object(), note -> {}))
                        .isInstanceOf(ResidualException.class)
                        .hasMessageContaining("processes is 3, there it is 2")
                        .satisfies(third::failed);
            }
            assertThat(store(first).has(List.of("done/2"))).isTrue();
            assertThat(store(first).has(List.of("failure"))).isFalse();
        }
    }

    private static SharedStore store(Rendezvous process) {
        return SharedStore.connect(process.world().master(), Duration.ofSeconds(10), Duration.ofSeconds(10));
    }

    /** The store listens where the processes are, and nowhere else. */
    @Test
    void theStoreIsNotOpenToTheWorld() throws IOException {
        Engine.start(1);
        try (Rendezvous here = new Rendezvous(world(0, 2, 0, Optional.empty()))) {
            int port = here.world().master().port();
            assertThat(answers("127.0.0.1", port)).isTrue();
            List<String> others = NetworkInterface.networkInterfaces()
                    .flatMap(NetworkInterface::inetAddresses)
                    .filter(address -> !address.isLoopbackAddress() && !address.isLinkLocalAddress())
                    .map(address -> address.getHostAddress())
                    .toList();
            assertThat(others)
                    .allSatisfy(address -> assertThat(answers(address, port)).isFalse());
        }
        try (Rendezvous open = new Rendezvous(world(0, 2, 0, Optional.of("0.0.0.0")))) {
            assertThat(answers("127.0.0.1", open.world().master().port())).isTrue();
        }
        assertThatThrownBy(() -> new Rendezvous(world(0, 2, 0, Optional.of("192.0.2.1"))))
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining("--bind 192.0.2.1: not an address of this machine");
    }

    private static boolean answers(String address, int port) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(address, port), 2_000);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private static World world(int rank, int size, int port, Optional<String> bind) {
        return new World(
                new Place(rank, size, rank, size),
                new Master("127.0.0.1", port, bind, false, 0),
                Duration.ofSeconds(10));
    }

    @Test
    void torchrunsVariablesAreUnderstood() {
        Map<String, String> torchrun = Map.of(
                "RANK", "5",
                "WORLD_SIZE", "8",
                "LOCAL_RANK", "1",
                "LOCAL_WORLD_SIZE", "4",
                "MASTER_ADDR", "node0",
                "MASTER_PORT", "29500",
                "TORCHELASTIC_RESTART_COUNT", "2",
                "TORCHELASTIC_USE_AGENT_STORE", "True");
        Duration timeout = Duration.ofSeconds(7);
        assertThat(World.of(torchrun, Optional.empty(), timeout))
                .contains(new World(
                        new Place(5, 8, 1, 4), new Master("node0", 29500, Optional.empty(), true, 2), timeout));
        assertThat(World.of(Map.of("RANK", "5"), Optional.empty(), timeout)).isEmpty();
        assertThatThrownBy(() -> World.of(Map.of("RANK", "1", "WORLD_SIZE", "two"), Optional.empty(), timeout))
                .hasMessage("the environment's WORLD_SIZE is 'two': expected a number");
        assertThatThrownBy(() -> World.of(Map.of("RANK", "1", "WORLD_SIZE", "2"), Optional.empty(), timeout))
                .hasMessageContaining("but not MASTER_ADDR and MASTER_PORT");
        Map<String, String> portless = Map.of("RANK", "1", "WORLD_SIZE", "2", "MASTER_ADDR", "node0");
        assertThatThrownBy(() -> World.of(portless, Optional.empty(), timeout))
                .hasMessageContaining("but not MASTER_ADDR and MASTER_PORT");
        assertThatThrownBy(() -> World.of(Map.of("RANK", "2", "WORLD_SIZE", "2"), Optional.empty(), timeout))
                .hasMessageContaining("process 2 of 2: expected 0 to 1");
    }
}
