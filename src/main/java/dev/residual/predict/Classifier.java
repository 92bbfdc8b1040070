package dev.residual.predict;

import dev.residual.data.ImageSet;
import dev.residual.data.Normalization;
import dev.residual.data.Pixels;
import dev.residual.model.FoldedNetwork;
import dev.residual.model.State;
import dev.residual.tensor.Device;
import dev.residual.tensor.Engine;
import dev.residual.tensor.Precision;
import dev.residual.weights.ModelFile;
import java.awt.image.BufferedImage;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.bytedeco.pytorch.Tensor;

/**
 * A trained network that tells what a picture shows: what applications embed.
 *
 * <p>Any number of threads may use one classifier at once. They share the network's numbers, which nobody changes, and
 * each computes on its own, though two that classify single pictures do not compute the same layer at the same moment.
 * Where the application has started the {@link Engine} with several threads, they share many pictures of one call out
 * among them. Closing waits for the calls that are under way, and frees all native memory; calls that come later fail.
 */
public final class Classifier implements AutoCloseable {
    private final FoldedNetwork network;
    private final Normalization normalization;
    private final List<String> classes;
    private final ReadWriteLock lock = new ReentrantReadWriteLock();
    private boolean closed;

    private Classifier(ModelFile model) {
        Engine.start();
        normalization = model.card().normalization();
        classes = model.card().classes();
        try (State state = model.state(Device.of("auto"))) {
            network = FoldedNetwork.of(model.network(), state);
        }
    }

    public static Classifier of(ModelFile model) {
        return new Classifier(model);
    }

    /**
     * Loads a model file, such as a run's {@code model.safetensors}.
     *
     * @throws dev.residual.ResidualException when it cannot be read or is no model file
     */
    public static Classifier load(Path file) {
        return of(ModelFile.read(file));
    }

    /** The same from a stream, such as {@code getResourceAsStream} gives from the class path; the caller closes it. */
    public static Classifier load(InputStream in) {
        return of(ModelFile.read(in, "the model"));
    }

    /**
     * A model that is shipped with this library.
     *
     * @param name such as {@code resnet20}
     * @throws dev.residual.ResidualException when there is none of that name
     */
    public static Classifier builtIn(String name) {
        return of(BuiltInModels.read(name));
    }

    /** The names of the classes that it knows, by class number. */
    public List<String> classes() {
        return classes;
    }

    /**
     * What an image file shows.
     *
     * @return all classes, the most probable first
     * @throws dev.residual.ResidualException when it cannot be read, see {@link Photo#read(Path)}
     */
    public List<Prediction> classify(Path file) {
        return classify(Photo.read(file));
    }

    /** The same from an image file's bytes. */
    public List<Prediction> classify(byte[] file) {
        return classify(Photo.read(file));
    }

    public List<Prediction> classify(BufferedImage image) {
        return classify(Photo.of(image));
    }

    public List<Prediction> classify(Photo photo) {
        return classify(List.of(photo)).get(0);
    }

    /** Many at once, which is faster than one after the other. */
    public List<List<Prediction>> classify(List<Photo> photos) {
        lock.readLock().lock();
        try {
            if (closed) {
                throw new IllegalStateException("the classifier is closed");
            }
            float[] logits = network.logits(photos.size(), (from, to) -> images(photos.subList(from, to)));
            List<List<Prediction>> predictions = new ArrayList<>();
            for (int i = 0; i < photos.size(); i++) {
                predictions.add(softmax(logits, i * classes.size()));
            }
            return predictions;
        } finally {
            lock.readLock().unlock();
        }
    }

    private Tensor images(List<Photo> photos) {
        byte[] pixels = new byte[photos.size() * ImageSet.BYTES];
        for (int i = 0; i < photos.size(); i++) {
            System.arraycopy(photos.get(i).pixels(), 0, pixels, i * ImageSet.BYTES, ImageSet.BYTES);
        }
        byte[] labels = new byte[photos.size()]; // that nobody reads
        return Pixels.tensor(new ImageSet(pixels, labels), 0, photos.size(), normalization, Precision.FP32);
    }

    private List<Prediction> softmax(float[] logits, int from) {
        double max = Double.NEGATIVE_INFINITY;
        for (int c = 0; c < classes.size(); c++) {
            max = Math.max(max, logits[from + c]);
        }
        double sum = 0;
        for (int c = 0; c < classes.size(); c++) {
            sum += Math.exp(logits[from + c] - max);
        }
        List<Prediction> predictions = new ArrayList<>();
        for (int c = 0; c < classes.size(); c++) {
            predictions.add(new Prediction(classes.get(c), Math.exp(logits[from + c] - max) / sum));
        }
        predictions.sort(Comparator.comparingDouble(Prediction::probability).reversed());
        return List.copyOf(predictions);
    }

    @Override
    public void close() {
        lock.writeLock().lock();
        try {
            closed = true;
            network.close();
        } finally {
            lock.writeLock().unlock();
        }
    }
}
