package dev.residual.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.residual.Digests;
import dev.residual.ResidualException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DownloadTest {
    private static final byte[] CONTENT = new byte[300_000];
    private static final int HALF = 150_000;

    static {
        new Random(1).nextBytes(CONTENT);
    }

    @TempDir
    Path dir;

    private Path file;
    private Path part;
    private Download.Source source;

    private HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final CountDownLatch end = new CountDownLatch(1);

    /** What the server does, request by request; the last is repeated. */
    private final Deque<Answer> answers = new ArrayDeque<>();

    /** The Range header of every request, or "none". */
    private final List<String> ranges = Collections.synchronizedList(new ArrayList<>());

    private interface Answer {
        void to(HttpExchange exchange) throws IOException;
    }

    @BeforeEach
    void serve() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            ranges.add(String.join(",", exchange.getRequestHeaders().getOrDefault("Range", List.of("none"))));
            try (exchange) {
                (answers.size() > 1 ? answers.remove() : answers.element()).to(exchange);
            }
        });
        server.setExecutor(threads);
        server.start();
        file = dir.resolve("data/file.tar.gz");
        part = dir.resolve("data/file.tar.gz.part");
        source = new Download.Source(
                URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/file"),
                CONTENT.length,
                TinyCifar.hex(Digests.md5(), CONTENT));
    }

    @AfterEach
    void stop() {
        end.countDown();
        server.stop(0);
        threads.shutdownNow();
    }

    private void fetch() throws Download.Unreachable {
        Download.fetch(source, file, (done, total) -> {}, Download.PATIENCE);
    }

    private static void whole(HttpExchange exchange) throws IOException {
        exchange.sendResponseHeaders(200, CONTENT.length);
        exchange.getResponseBody().write(CONTENT);
    }

    /** Promises everything, sends half, and hangs up. */
    private static void half(HttpExchange exchange) throws IOException {
        exchange.sendResponseHeaders(200, CONTENT.length);
        exchange.getResponseBody().write(CONTENT, 0, HALF);
        exchange.getResponseBody().flush();
    }

    private static void rest(HttpExchange exchange) throws IOException {
        String range = exchange.getRequestHeaders().getFirst("Range");
        int from = Integer.parseInt(range.replaceAll("bytes=(\\d+)-", "$1"));
        exchange.getResponseHeaders()
                .add("Content-Range", "bytes " + from + "-" + (CONTENT.length - 1) + "/" + CONTENT.length);
        exchange.sendResponseHeaders(206, CONTENT.length - from);
        exchange.getResponseBody().write(CONTENT, from, CONTENT.length - from);
    }

    private static void refusal(HttpExchange exchange) throws IOException {
        exchange.sendResponseHeaders(404, -1);
    }

    private void partly(int bytes) throws IOException {
        Files.createDirectories(part.getParent());
        Files.write(part, Arrays.copyOf(CONTENT, bytes));
    }

    private void assertOnlyTheFile() throws IOException {
        assertThat(file).hasBinaryContent(CONTENT);
        assertThat(TinyCifar.names(file.getParent())).containsExactly("file.tar.gz");
    }

    private void assertNothing() throws IOException {
        assertThat(TinyCifar.names(file.getParent())).isEmpty();
    }

    @Test
    void downloadsAndTellsHowFarItIs() throws Exception {
        answers.add(DownloadTest::whole);
        List<Long> progress = new ArrayList<>();

        Download.fetch(
                source,
                file,
                (done, total) -> {
                    assertThat(total).isEqualTo(CONTENT.length);
                    progress.add(done);
                },
                Download.PATIENCE);

        assertOnlyTheFile();
        assertThat(ranges).containsExactly("none");
        assertThat(progress).isSorted().doesNotHaveDuplicates().endsWith((long) CONTENT.length);
    }

    @Test
    void goesOnWhenTheConnectionBreaks() throws Exception {
        answers.add(DownloadTest::half);
        answers.add(DownloadTest::rest);

        fetch();

        assertThat(ranges).hasSize(2).startsWith("none");
        // How much of what was sent arrives before the connection is known to be broken is the system's choice.
        assertThat(ranges.get(1)).matches("bytes=[1-9]\\d*-");
        assertOnlyTheFile();
    }

    @Test
    void goesOnFromAnEarlierProcess() throws Exception {
        partly(HALF);
        answers.add(DownloadTest::rest);

        fetch();

        assertThat(ranges).containsExactly("bytes=150000-");
        assertOnlyTheFile();
    }

    @Test
    void startsAgainWhenTheServerIgnoresTheRange() throws Exception {
        partly(HALF);
        answers.add(DownloadTest::whole);

        fetch();

        assertThat(ranges).containsExactly("bytes=150000-");
        assertOnlyTheFile();
    }

    @Test
    void aWholePartNeedsNoServer() throws Exception {
        partly(CONTENT.length);

        fetch();

        assertThat(ranges).isEmpty();
        assertOnlyTheFile();
    }

    @Test
    void aPartThatIsTooLongIsNoPart() throws Exception {
        partly(CONTENT.length + 1);
        answers.add(DownloadTest::whole);

        fetch();

        assertThat(ranges).containsExactly("none");
        assertOnlyTheFile();
    }

    @Test
    void keepsWhatCameWhenTheServerGoesAway() throws Exception {
        answers.add(DownloadTest::half);
        answers.add(DownloadTest::refusal);

        assertThatThrownBy(this::fetch)
                .isInstanceOf(Download.Unreachable.class)
                .hasMessage("it answers with HTTP status 404");

        assertThat(file).doesNotExist();
        byte[] kept = Files.readAllBytes(part);
        assertThat(kept).hasSizeBetween(1, HALF).isEqualTo(Arrays.copyOf(CONTENT, kept.length));
    }

    @Test
    void refusesAnotherRangeThanTheOneAskedFor() throws Exception {
        partly(HALF);
        answers.add(exchange -> {
            exchange.getResponseHeaders().add("Content-Range", "bytes 1-299999/300000");
            exchange.sendResponseHeaders(206, HALF);
            exchange.getResponseBody().write(CONTENT, 1, HALF);
        });

        assertThatThrownBy(this::fetch)
                .isInstanceOf(Download.Unreachable.class)
                .hasMessage("it answers with HTTP status 206");
        assertThat(part).hasBinaryContent(Arrays.copyOf(CONTENT, HALF));
    }

    @Test
    void deletesWhatHasAnotherMd5() throws Exception {
        source = new Download.Source(source.address(), source.size(), "c32a1d4ab5d03f1284b67883e8d87530");
        answers.add(DownloadTest::whole);

        assertThatThrownBy(this::fetch)
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining(source.address() + " sends has the MD5 "
                        + TinyCifar.hex(Digests.md5(), CONTENT)
                        + ", expected c32a1d4ab5d03f1284b67883e8d87530: nothing of it is kept");
        assertNothing();
    }

    @Test
    void refusesAnotherSizeBeforeDownloadingIt() throws Exception {
        answers.add(exchange -> exchange.sendResponseHeaders(200, 1_000_000_000_000L));

        assertThatThrownBy(this::fetch)
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining("has 1000000000000 bytes, expected 300000");
        assertNothing();
    }

    @Test
    void stopsWhenMoreComesThanExpected() throws Exception {
        answers.add(exchange -> {
            exchange.sendResponseHeaders(200, 0); // any length
            exchange.getResponseBody().write(CONTENT);
            exchange.getResponseBody().write(CONTENT);
        });

        assertThatThrownBy(this::fetch)
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining("has more bytes, expected 300000");
        assertNothing();
    }

    @Test
    void saysWhenTheServerRefuses() throws Exception {
        answers.add(DownloadTest::refusal);

        assertThatThrownBy(this::fetch)
                .isInstanceOf(Download.Unreachable.class)
                .hasMessage("it answers with HTTP status 404");
        assertNothing();
    }

    @Test
    void saysWhenNobodyListens() throws Exception {
        server.stop(0);

        assertThatThrownBy(this::fetch).isInstanceOf(Download.Unreachable.class).hasMessage("no connection");
        assertNothing();
    }

    @Test
    void doesNotWaitForEver() {
        answers.add(exchange -> {
            half(exchange);
            try {
                end.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });

        assertThatThrownBy(() -> Download.fetch(source, file, (done, total) -> {}, Duration.ofSeconds(1)))
                .isInstanceOf(Download.Unreachable.class)
                .hasMessageMatching("nothing came for 1 seconds|.*timed out");
    }

    @Test
    void oneDownloadAtATime() throws Exception {
        partly(HALF);
        try (FileChannel channel = FileChannel.open(part, StandardOpenOption.WRITE);
                FileLock lock = channel.lock()) {
            assertThat(lock.isValid()).isTrue();
            assertThatThrownBy(this::fetch)
                    .isInstanceOf(ResidualException.class)
                    .hasMessage(part + " is being downloaded by another process: wait for it to end");
        }
        assertThat(part).hasBinaryContent(Arrays.copyOf(CONTENT, HALF));
    }

    @Test
    void saysWhenTheFolderCannotBeMade() throws Exception {
        Files.createFile(file.getParent());

        assertThatThrownBy(this::fetch)
                .isInstanceOf(ResidualException.class)
                .hasMessageStartingWith("cannot write " + part + ": ");
        assertThat(ranges).isEmpty();
    }

    /** Whoever is not logged in to a network may get its page for any address. */
    @Test
    void aPageInsteadOfTheFileCostsNothingThatWasDownloaded() throws Exception {
        partly(HALF);
        answers.add(exchange -> {
            exchange.sendResponseHeaders(200, 19);
            exchange.getResponseBody().write(new byte[19]);
        });

        assertThatThrownBy(this::fetch)
                .isInstanceOf(Download.Unreachable.class)
                .hasMessage("it sends 19 bytes, expected 300000");
        assertThat(part).hasSize(HALF);
    }
}
