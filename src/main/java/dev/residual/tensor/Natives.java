package dev.residual.tensor;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.Pointer;

/** Native objects that live together, beyond the scopes in which they were made, until this is closed. */
public final class Natives implements AutoCloseable {
    private final List<Pointer> owned = new ArrayList<>();

    /** Holds nothing yet. */
    public Natives() {}

    /** Takes an object out of the scope that this thread is in. */
    public <P extends Pointer> P own(P object) {
        owned.add(Scope.current().keep(object));
        return object;
    }

    @Override
    public void close() {
        for (int i = owned.size() - 1; i >= 0; i--) {
            owned.get(i).close();
        }
        owned.clear();
    }
}
