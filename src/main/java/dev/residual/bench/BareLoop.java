package dev.residual.bench;

import dev.residual.model.Architecture;
import dev.residual.model.FoldedNetwork;
import dev.residual.model.Gradients;
import dev.residual.model.Initialization;
import dev.residual.model.Pass;
import dev.residual.model.ResNet;
import dev.residual.model.State;
import dev.residual.tensor.Device;
import dev.residual.tensor.Precision;
import dev.residual.tensor.Scope;
import dev.residual.tensor.Tensors;
import dev.residual.train.CrossEntropy;
import dev.residual.train.Optimizer;
import dev.residual.train.Recipe;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** A network, and one batch of noise that stays in memory: what remains of training and inference without all the rest. */
public final class BareLoop implements AutoCloseable {
    /** Batches to read at once. Evaluation has more; with few, a thread that is done early waits for the other's part. */
    public static final int READ = 8;

    private final ResNet network;
    private final State state;
    private final FoldedNetwork folded;
    private final Gradients gradients;
    private final Optimizer optimizer;
    private final Tensor images;
    private final Tensor labels;
    private final Tensor lastMaps;

    public BareLoop(Architecture architecture, int batch, Precision precision) {
        network = ResNet.of(architecture);
        state = Initialization.he(network, 1, Device.CPU);
        folded = FoldedNetwork.of(network, state);
        gradients = new Gradients(state);
        optimizer = Optimizer.of(Recipe.paper(architecture), state);
        try (Scope scope = Scope.inference()) {
            images = scope.keep(
                    Tensors.channelsLast(torch.randn(batch, 3, 32, 32)).to(precision.type()));
            labels = scope.keep(Tensors.of(new long[batch]));
            lastMaps = scope.keep(
                    Tensors.channelsLast(torch.randn(batch, network.fc().in(), 8, 8))
                            .to(precision.type()));
        }
    }

    /** Forward, loss, backward, update. */
    public void step() {
        try (Scope scope = Scope.inference()) {
            Pass pass = Pass.training(state, gradients);
            CrossEntropy loss = CrossEntropy.of(network.forward(images, pass), labels);
            network.backward(loss.gradient(), pass);
            optimizer.step(gradients, 0.01, 0);
        }
    }

    /** A step's end of the network and loss, there and back. */
    void classify() {
        try (Scope scope = Scope.inference()) {
            Pass pass = Pass.training(state, gradients);
            CrossEntropy loss = CrossEntropy.of(network.fc().forward(lastMaps, pass), labels);
            network.fc().backward(loss.gradient(), pass);
        }
    }

    /** A step's copy of all filters in the precision that the network computes in. */
    void castFilters() {
        try (Scope scope = Scope.inference()) {
            state.tensors().forEach((p, tensor) -> {
                if (p.shape().length == 4) {
                    tensor.to(images.scalar_type());
                }
            });
        }
    }

    /** A step's update of all trained numbers, by gradients of 0. */
    void update() {
        optimizer.step(gradients, 0, 0);
    }

    /** Milliseconds of each of so many runs, after some to warm up. */
    static double[] time(int runs, Runnable work) {
        double[] milliseconds = new double[runs];
        for (int i = -10; i < runs; i++) {
            long start = System.nanoTime();
            work.run();
            if (i >= 0) {
                milliseconds[i] = (System.nanoTime() - start) / 1e6;
            }
        }
        return milliseconds;
    }

    /** Of steps. */
    public double[] steps(int runs) {
        return time(runs, this::step);
    }

    /** Of reading {@link #READ} times the batch, as evaluation does. */
    public double[] reads(int runs) {
        try (Scope scope = Scope.inference()) {
            Tensor many = Tensors.channelsLast(images.repeat(READ, 1, 1, 1));
            return time(runs, () -> folded.logits((int) many.size(0), (from, to) -> many.narrow(0, from, to - from)));
        }
    }

    @Override
    public void close() {
        images.close();
        labels.close();
        lastMaps.close();
        optimizer.close();
        gradients.close();
        folded.close();
        state.close();
    }
}
