package dev.residual.backend;

import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;

/** One operation's part in a pass of a minibatch through a network: what its kernel needs besides its inputs. */
public interface Pass {
    /** The mean and variance by which BN normalises. */
    enum Statistics {
        /** The batch's own, which also move the running ones: training. */
        BATCH_AND_UPDATE,
        /** The batch's own, not updating the running ones: evaluation in training mode. */
        BATCH,
        /** The running ones, so that no image depends on others: inference. */
        RUNNING
    }

    Statistics statistics();

    /** Adds up numbers over all processes, where BN's statistics are those of their whole minibatch; else empty. */
    Optional<UnaryOperator<double[]>> sums();

    /** @param part of the parameter's name behind the operation's, such as {@code weight} */
    Tensor parameter(String part);

    /** The memory for the parameter's gradient, float32. */
    Tensor gradient(String part);

    /** Whether an input may be overwritten, since nobody needs it any more. */
    boolean mayOverwrite(int input);

    /** Whether the gradient that {@link Kernel#backward} is given may be overwritten. */
    boolean ownsGradient();

    /** Whether anything before this operation is trained. */
    boolean wantsInputGradient();

    /** Keeps tensors for the backward pass, if there will be one. They must stay as they are until then. */
    void save(Tensor... tensors);

    /** The saved tensors, in the same order. */
    List<Tensor> saved();

    /**
     * Queues a computation that the backward pass does not wait for; another thread may run it.
     *
     * @param computation gets its own handles on {@code needed}, which must not change until then
     */
    void later(Consumer<List<Tensor>> computation, Tensor... needed);
}
