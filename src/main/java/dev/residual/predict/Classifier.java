package dev.residual.predict;

import dev.residual.backend.Backend;
import dev.residual.data.ImageSet;
import dev.residual.data.Normalization;
import dev.residual.data.Pixels;
import dev.residual.graph.Graph;
import dev.residual.model.Model;
import dev.residual.nn.InferenceNetwork;
import dev.residual.nn.Softmax;
import dev.residual.picture.Photo;
import dev.residual.tensor.Device;
import dev.residual.tensor.Engine;
import dev.residual.tensor.Precision;
import java.awt.image.BufferedImage;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;

/**
 * Classifies pictures with a trained network; meant to be embedded in applications.
 *
 * <p>Any number of threads may use one classifier at once. They share the network's weights, which never change, and do
 * not wait for each other. Calls are computed in fp32, each by one thread; if the application has started the {@link Engine}
 * with several, the images of a call are divided among them. Closing waits for the calls that are under way, and frees all
 * native memory; calls that come later fail.
 */
public final class Classifier implements AutoCloseable {
    private final Model model;
    private final InferenceNetwork network;
    private final Normalization normalization;
    private final List<String> classes;
    private final int imageSize;
    private final ReadWriteLock lock = new ReentrantReadWriteLock();
    private InferenceNetwork withoutOutput;
    private boolean closed;

    private Classifier(Model model) {
        Engine.start();
        this.model = model;
        normalization = model.card().normalization();
        classes = model.card().classes();
        imageSize = model.architecture().image().height();
        network = network(model.graph());
    }

    private InferenceNetwork network(Graph graph) {
        return new InferenceNetwork(graph, model::floats, Backend.of("auto", Device.of("auto"), Precision.FP32));
    }

    /** @throws dev.residual.ResidualException when a weight is NaN or infinite */
    public static Classifier of(Model model) {
        model.requireFinite("the model");
        return new Classifier(model);
    }

    /**
     * Loads a model file, such as a run's {@code model.safetensors}.
     *
     * @throws dev.residual.ResidualException when it cannot be read or is no model file
     */
    public static Classifier load(Path file) {
        return of(Model.load(file));
    }

    /** The same from a stream, such as {@code getResourceAsStream} gives from the class path; the caller closes it. */
    public static Classifier load(InputStream in) {
        return of(Model.load(in));
    }

    /**
     * A pretrained model of this library.
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

    /** Height and width of the pictures that it looks at. */
    public int imageSize() {
        return imageSize;
    }

    /**
     * What an image file shows.
     *
     * @return all classes, the most probable first
     * @throws dev.residual.ResidualException when it cannot be read, see {@link Photo#read(Path, int)}
     */
    public List<Prediction> classify(Path file) {
        return classify(Photo.read(file, imageSize));
    }

    /** The same from an image file's bytes. */
    public List<Prediction> classify(byte[] file) {
        return classify(Photo.read(file, imageSize));
    }

    public List<Prediction> classify(BufferedImage image) {
        return classify(Photo.of(image, imageSize));
    }

    public List<Prediction> classify(Photo photo) {
        return classify(List.of(photo)).get(0);
    }

    /**
     * Many at once, which is faster than one after the other.
     *
     * @param photos of {@link #imageSize}
     */
    public List<List<Prediction>> classify(List<Photo> photos) {
        float[] logits = compute(() -> network, photos);
        List<List<Prediction>> predictions = new ArrayList<>();
        for (int i = 0; i < photos.size(); i++) {
            predictions.add(predictions(logits, i));
        }
        return predictions;
    }

    /**
     * The features of each picture: the input of the last layer, 64 values in the paper's networks. Pictures that look alike
     * to the network have similar features, whatever their class.
     *
     * @param photos of {@link #imageSize}
     */
    public List<float[]> features(List<Photo> photos) {
        float[] all = compute(this::withoutOutput, photos);
        int length = all.length / Math.max(1, photos.size());
        return IntStream.range(0, photos.size())
                .mapToObj(i -> Arrays.copyOfRange(all, i * length, (i + 1) * length))
                .toList();
    }

    private synchronized InferenceNetwork withoutOutput() {
        if (withoutOutput == null) {
            withoutOutput = network(model.graph().withoutOutput());
        }
        return withoutOutput;
    }

    private float[] compute(Supplier<InferenceNetwork> by, List<Photo> photos) {
        lock.readLock().lock();
        try {
            if (closed) {
                throw new IllegalStateException("the classifier is closed");
            }
            return by.get().logits(photos.size(), (from, to) -> images(photos.subList(from, to)));
        } finally {
            lock.readLock().unlock();
        }
    }

    private Tensor images(List<Photo> photos) {
        int bytes = imageSize * imageSize * ImageSet.CHANNELS;
        byte[] pixels = new byte[photos.size() * bytes];
        for (int i = 0; i < photos.size(); i++) {
            Photo photo = photos.get(i);
            if (photo.side() != imageSize) {
                throw new IllegalArgumentException(
                        "a photo of " + photo.side() + " pixels per row, expected " + imageSize);
            }
            System.arraycopy(photo.pixels(), 0, pixels, i * bytes, bytes);
        }
        short[] labels = new short[photos.size()]; // that nobody reads
        return Pixels.tensor(
                new ImageSet(imageSize, pixels, labels, List.of()), 0, photos.size(), normalization, Precision.FP32);
    }

    private List<Prediction> predictions(float[] logits, int image) {
        Softmax softmax = new Softmax(logits, image * classes.size(), classes.size());
        return IntStream.range(0, classes.size())
                .mapToObj(c -> new Prediction(classes.get(c), softmax.probability(c)))
                .sorted(Comparator.comparingDouble(Prediction::probability).reversed())
                .toList();
    }

    @Override
    public void close() {
        lock.writeLock().lock();
        try {
            closed = true;
            network.close();
            if (withoutOutput != null) {
                withoutOutput.close();
            }
        } finally {
            lock.writeLock().unlock();
        }
    }
}
