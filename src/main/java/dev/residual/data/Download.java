package dev.residual.data;

import dev.residual.Digests;
import dev.residual.LockFile;
import dev.residual.ResidualException;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.UnresolvedAddressException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.OptionalLong;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Downloads one file that is known in advance. The bytes gather in {@code FILE.part}, where the next attempt goes on; a
 * whole and checked file is renamed to {@code FILE}. No ETag is kept between attempts: when the file on the server has
 * changed, its size or MD5 is not the known one any more, and no part of it is of use.
 */
public final class Download {
    /** What to download, and what it must be. */
    public record Source(URI address, long size, String md5) {}

    /** Told after every piece how many bytes of how many are there. */
    @FunctionalInterface
    public interface Progress {
        void at(long done, long total);
    }

    /** The server cannot be reached, refuses or breaks off; the message is a reason to put in brackets. */
    static final class Unreachable extends Exception {
        private static final long serialVersionUID = 1L;

        Unreachable(String reason) {
            super(reason);
        }
    }

    /** How long to wait for a connection, for an answer, and for the next bytes of it. */
    static final Duration PATIENCE = Duration.ofSeconds(30);

    private static final int BUFFER = 64 << 10;

    private final Source source;
    private final FileChannel part;
    private final Progress progress;
    private final Duration patience;
    private final HttpClient client;
    private final ExecutorService reader;

    private Download(Source source, FileChannel part, Progress progress, Duration patience) {
        this.source = source;
        this.part = part;
        this.progress = progress;
        this.patience = patience;
        client = HttpClient.newBuilder()
                .connectTimeout(patience)
                .proxy(new EnvironmentProxy(System.getenv()))
                .followRedirects(HttpClient.Redirect.NORMAL)
                .build();
        reader = Executors.newSingleThreadExecutor(task -> {
            Thread thread = new Thread(task, "download");
            thread.setDaemon(true);
            return thread;
        });
    }

    /**
     * Downloads {@code source} to {@code file}, going on where an earlier attempt broke off.
     *
     * @throws Unreachable when the network is at fault; bytes that came are kept
     * @throws ResidualException when the disk is at fault, or when what came has another size or MD5; nothing of that is
     *     kept
     */
    static void fetch(Source source, Path file, Progress progress, Duration patience) throws Unreachable {
        Path path = file.resolveSibling(file.getFileName() + ".part");
        try {
            Path folder = file.toAbsolutePath().getParent();
            if (!Files.isDirectory(folder)) {
                Files.createDirectories(folder);
            }
            try (LockFile lock = LockFile.tryLock(path)
                    .orElseThrow(() -> new ResidualException(
                            path + " is being downloaded by another process: wait for it to end"))) {
                FileChannel part = lock.channel();
                try {
                    new Download(source, part, progress, patience).complete();
                    Files.move(path, file, StandardCopyOption.ATOMIC_MOVE);
                } finally {
                    if (part.size() == 0) {
                        Files.delete(path);
                    }
                }
            }
        } catch (IOException e) {
            throw new ResidualException("cannot write " + path + ": " + ResidualException.reason(e), e);
        }
    }

    private void complete() throws IOException, Unreachable {
        try {
            if (part.size() > source.size()) {
                part.truncate(0);
            }
            while (part.size() < source.size()) {
                long before = part.size();
                try {
                    receive();
                } catch (Unreachable e) {
                    // A broken connection is worth another attempt as long as each brings more of the file.
                    if (part.size() <= before) {
                        throw e;
                    }
                }
            }
        } finally {
            reader.shutdownNow();
        }
        String md5 = md5();
        if (!md5.equals(source.md5())) {
            throw discard("has the MD5 " + md5 + ", expected " + source.md5());
        }
    }

    /** One request for all that is missing. */
    private void receive() throws IOException, Unreachable {
        long have = part.size();
        HttpRequest.Builder request = HttpRequest.newBuilder(source.address()).timeout(patience);
        if (have > 0) {
            request.header("Range", "bytes=" + have + "-");
        }
        HttpResponse<InputStream> response = send(request.build());
        try (InputStream body = response.body()) {
            long done = start(response, have);
            OptionalLong length = response.headers().firstValueAsLong("Content-Length");
            if (length.isPresent() && done + length.getAsLong() != source.size()) {
                // A captive portal may have answered instead; what was downloaded before may be a good part of the
                // file.
                if (done < have) {
                    throw new Unreachable("it sends " + length.getAsLong() + " bytes, expected " + source.size());
                }
                throw wrongSize(done + length.getAsLong() + " bytes");
            }
            part.truncate(done).position(done);
            byte[] buffer = new byte[BUFFER];
            for (int n; (n = read(body, buffer)) > 0; ) {
                done += n;
                if (done > source.size()) {
                    throw wrongSize("more bytes");
                }
                for (ByteBuffer bytes = ByteBuffer.wrap(buffer, 0, n); bytes.hasRemaining(); ) {
                    part.write(bytes);
                }
                progress.at(done, source.size());
            }
            if (done < source.size()) {
                throw new Unreachable("it ends after " + done + " of " + source.size() + " bytes");
            }
        }
    }

    /** Where in the file the answer begins; a server that ignores the range begins at 0. */
    private static long start(HttpResponse<?> response, long have) throws Unreachable {
        String range = response.headers().firstValue("Content-Range").orElse("");
        if (response.statusCode() == 200) {
            return 0;
        }
        if (response.statusCode() == 206 && range.startsWith("bytes " + have + "-")) {
            return have;
        }
        throw new Unreachable("it answers with HTTP status " + response.statusCode());
    }

    private HttpResponse<InputStream> send(HttpRequest request) throws Unreachable {
        try {
            return client.send(request, HttpResponse.BodyHandlers.ofInputStream());
        } catch (IOException e) {
            throw new Unreachable(reason(e));
        } catch (InterruptedException e) {
            throw interrupted();
        }
    }

    /** Like {@link InputStream#read(byte[])}, but not for ever: a timeout of the client's covers the headers only. */
    private int read(InputStream body, byte[] buffer) throws Unreachable {
        try {
            return reader.submit(() -> body.read(buffer)).get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw new Unreachable("nothing came for " + patience.toSeconds() + " seconds");
        } catch (ExecutionException e) {
            throw new Unreachable(e.getCause() instanceof IOException io ? reason(io) : e.toString());
        } catch (InterruptedException e) {
            throw interrupted();
        }
    }

    private static Unreachable interrupted() {
        Thread.currentThread().interrupt();
        return new Unreachable("interrupted");
    }

    /** The client's exceptions have no message when no connection comes about. */
    private static String reason(IOException e) {
        if (e.getMessage() != null || !(e instanceof ConnectException)) {
            return ResidualException.reason(e);
        }
        Throwable root = e;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root instanceof UnresolvedAddressException ? "unknown host" : "no connection";
    }

    private String md5() throws IOException {
        MessageDigest digest = Digests.md5();
        ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
        part.position(0);
        while (part.read(buffer.clear()) > 0) {
            digest.update(buffer.flip());
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private ResidualException wrongSize(String got) throws IOException {
        return discard("has " + got + ", expected " + source.size());
    }

    private ResidualException discard(String fault) throws IOException {
        part.truncate(0);
        return new ResidualException("what " + source.address() + " sends " + fault
                + ": nothing of it is kept; try again later, or get the file from elsewhere");
    }
}
