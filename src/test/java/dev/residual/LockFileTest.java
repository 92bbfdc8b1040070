package dev.residual;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LockFileTest {
    @TempDir
    Path folder;

    /** What another process is told; a test of this process alone would not see a lock that was lost. */
    private static boolean anotherProcessGets(Path file) throws IOException, InterruptedException {
        Process other = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Other.class.getName(),
                        file.toString())
                .inheritIO()
                .start();
        assertThat(other.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return other.exitValue() == 0;
    }

    /** Exits with 0 where it gets the lock, otherwise with 3. */
    static final class Other {
        public static void main(String[] args) throws IOException {
            try (FileChannel channel = FileChannel.open(Path.of(args[0]), StandardOpenOption.WRITE)) {
                System.exit(channel.tryLock() == null ? 3 : 0);
            }
        }
    }

    @Test
    void aSecondTryInThisProcessDoesNotDropTheLock() throws IOException, InterruptedException {
        Path file = folder.resolve("x.lock");
        try (LockFile lock = LockFile.tryLock(file).orElseThrow()) {
            assertThat(lock.channel().isOpen()).isTrue();
            assertThat(LockFile.tryLock(file)).isEmpty();
            assertThat(LockFile.tryLock(folder.resolve(".").resolve("x.lock"))).isEmpty();
            assertThat(anotherProcessGets(file)).isFalse();
        }
        assertThat(anotherProcessGets(file)).isTrue();
        Optional<LockFile> again = LockFile.tryLock(file);
        assertThat(again).isPresent();
        again.get().close();
    }
}
