package dev.residual.tensor;

import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.InferenceMode;
import org.bytedeco.pytorch.NoGradGuard;

/**
 * Owns every native object that its thread makes until it is closed. A tensor's memory is invisible to the garbage
 * collector, which therefore never frees it in time: each step of a loop opens a scope, and what must live longer is
 * kept on purpose.
 */
public final class Scope implements AutoCloseable {
    private final PointerScope pointers = new PointerScope();

    private Scope() {}

    public static Scope open() {
        return new Scope();
    }

    /** A scope in which nothing is recorded for the backward pass. */
    public static Scope noGrad() {
        Scope scope = new Scope();
        new NoGradGuard(); // the scope owns it, and ends it
        return scope;
    }

    /**
     * The same for tensors that autograd will never see, on which libtorch keeps no books at all; what a step makes, or a
     * network that is read. A step is a hundredth shorter so.
     */
    public static Scope inference() {
        Scope scope = new Scope();
        new InferenceMode();
        return scope;
    }

    /** Takes a tensor, or another native object, out of this scope: it lives until its own {@code close()}. */
    public <P extends Pointer> P keep(P object) {
        object.retainReference(); // detaching gives one reference back, and the last one frees
        pointers.detach(object);
        return object;
    }

    @Override
    public void close() {
        pointers.close();
    }
}
