package dev.residual.backend;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The primitives that one layer has been computed with, for the batch sizes and numbers of threads that were used last.
 * A run needs a few: whole batches and an epoch's last one, all threads and a half of them, one thread for gradients of
 * filters.
 */
final class PrimitiveCache<P extends AutoCloseable> implements AutoCloseable {
    private static final int MAX = 16;

    private record Key(long batch, ScalarType type, int threads) {}

    private final Map<Key, P> made = new LinkedHashMap<>(MAX, 0.75f, true); // by last use

    synchronized P get(long batch, ScalarType type, int threads, Supplier<P> making) {
        Key key = new Key(batch, type, threads);
        P found = made.get(key);
        if (found == null) {
            found = making.get();
            made.put(key, found);
            if (made.size() > MAX) {
                // Not closed but left to the collector: another thread may be computing with it.
                made.remove(made.keySet().iterator().next());
            }
        }
        return found;
    }

    @Override
    public synchronized void close() {
        for (P primitives : made.values()) {
            try {
                primitives.close();
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }
        made.clear();
    }
}
