package dev.residual.model;

import dev.residual.model.Architecture.ShortcutKind;
import java.util.Map;

/**
 * The network once more, in double and by plain loops, as an independent second opinion: training mode, mean
 * cross-entropy. Maps are [n][c][y][x].
 */
final class ReferenceNet {
    private final Architecture a;
    private final Map<String, double[]> numbers;

    ReferenceNet(Architecture a, Map<String, double[]> numbers) {
        this.a = a;
        this.numbers = numbers;
    }

    double loss(double[][][][] images, int[] labels) {
        double[][] logits = logits(images);
        double sum = 0;
        for (int n = 0; n < labels.length; n++) {
            double total = 0;
            for (double logit : logits[n]) {
                total += Math.exp(logit);
            }
            sum += Math.log(total) - logits[n][labels[n]];
        }
        return sum / labels.length;
    }

    double[][] logits(double[][][][] images) {
        double[][][][] x = relu(bn(conv(images, "conv1", 3, 1, 1), "bn1"));
        for (int stage = 1; stage <= 3; stage++) {
            String name = "layer" + stage;
            boolean shrink = stage > 1;
            if (shrink && a.shortcut() == ShortcutKind.ARTICLE) {
                x = conv(x, name + ".pool", 2, 2, 0);
                shrink = false;
            }
            for (int block = 0; block < a.n(); block++) {
                x = block(x, name + "." + block, shrink && block == 0 ? 2 : 1);
            }
        }
        double[] weight = numbers.get("fc.weight");
        double[] bias = numbers.get("fc.bias");
        double[][] logits = new double[x.length][a.classes()];
        for (int n = 0; n < x.length; n++) {
            for (int k = 0; k < a.classes(); k++) {
                logits[n][k] = bias[k];
                for (int c = 0; c < x[n].length; c++) {
                    logits[n][k] += weight[k * x[n].length + c] * mean(x[n][c]);
                }
            }
        }
        return logits;
    }

    private double[][][][] block(double[][][][] x, String name, int stride) {
        double[][][][] f = relu(bn(conv(x, name + ".conv1", 3, stride, 1), name + ".bn1"));
        f = bn(conv(f, name + ".conv2", 3, 1, 1), name + ".bn2");
        boolean same = stride == 1 && x[0].length == f[0].length;
        double[][][][] around =
                switch (a.shortcut()) {
                    case NONE -> null;
                    case C -> project(x, name, stride);
                    case B -> same ? x : project(x, name, stride);
                    case A, ARTICLE -> same ? x : subsample(x, f[0].length);
                };
        return relu(around == null ? f : add(f, around));
    }

    private double[][][][] project(double[][][][] x, String name, int stride) {
        return bn(conv(x, name + ".downsample.0", 1, stride, 0), name + ".downsample.1");
    }

    private static double[][][][] subsample(double[][][][] x, int channels) {
        int before = (channels - x[0].length) / 2;
        double[][][][] y = new double[x.length][channels][x[0][0].length / 2][x[0][0].length / 2];
        for (int n = 0; n < x.length; n++) {
            for (int c = 0; c < x[n].length; c++) {
                for (int i = 0; i < y[n][c].length; i++) {
                    for (int j = 0; j < y[n][c].length; j++) {
                        y[n][before + c][i][j] = x[n][c][2 * i][2 * j];
                    }
                }
            }
        }
        return y;
    }

    private double[][][][] conv(double[][][][] x, String name, int kernel, int stride, int padding) {
        double[] weight = numbers.get(name + ".weight");
        double[] bias = numbers.get(name + ".bias");
        int in = x[0].length;
        int out = weight.length / (in * kernel * kernel);
        int size = (x[0][0].length + 2 * padding - kernel) / stride + 1;
        double[][][][] y = new double[x.length][out][size][size];
        for (int n = 0; n < x.length; n++) {
            for (int o = 0; o < out; o++) {
                for (int i = 0; i < size; i++) {
                    for (int j = 0; j < size; j++) {
                        double sum = bias == null ? 0 : bias[o];
                        for (int c = 0; c < in; c++) {
                            for (int di = 0; di < kernel; di++) {
                                for (int dj = 0; dj < kernel; dj++) {
                                    int yy = i * stride + di - padding;
                                    int xx = j * stride + dj - padding;
                                    if (yy >= 0 && xx >= 0 && yy < x[n][c].length && xx < x[n][c].length) {
                                        sum += weight[((o * in + c) * kernel + di) * kernel + dj] * x[n][c][yy][xx];
                                    }
                                }
                            }
                        }
                        y[n][o][i][j] = sum;
                    }
                }
            }
        }
        return y;
    }

    private double[][][][] bn(double[][][][] x, String name) {
        double[] scale = numbers.get(name + ".weight");
        double[] shift = numbers.get(name + ".bias");
        double[][][][] y = new double[x.length][x[0].length][][];
        for (int c = 0; c < x[0].length; c++) {
            double mean = 0;
            for (double[][][] image : x) {
                mean += mean(image[c]) / x.length;
            }
            double variance = 0;
            for (double[][][] image : x) {
                double m = mean;
                variance += mean(map(image[c], v -> (v - m) * (v - m))) / x.length;
            }
            double factor = scale[c] / Math.sqrt(variance + 1e-5);
            for (int n = 0; n < x.length; n++) {
                double m = mean;
                double s = shift[c];
                y[n][c] = map(x[n][c], v -> (v - m) * factor + s);
            }
        }
        return y;
    }

    private static double[][][][] relu(double[][][][] x) {
        double[][][][] y = new double[x.length][x[0].length][][];
        for (int n = 0; n < x.length; n++) {
            for (int c = 0; c < x[n].length; c++) {
                y[n][c] = map(x[n][c], v -> Math.max(0, v));
            }
        }
        return y;
    }

    private static double[][][][] add(double[][][][] a, double[][][][] b) {
        for (int n = 0; n < a.length; n++) {
            for (int c = 0; c < a[n].length; c++) {
                for (int i = 0; i < a[n][c].length; i++) {
                    for (int j = 0; j < a[n][c][i].length; j++) {
                        a[n][c][i][j] += b[n][c][i][j];
                    }
                }
            }
        }
        return a;
    }

    private static double[][] map(double[][] x, java.util.function.DoubleUnaryOperator f) {
        double[][] y = new double[x.length][];
        for (int i = 0; i < x.length; i++) {
            y[i] = java.util.Arrays.stream(x[i]).map(f).toArray();
        }
        return y;
    }

    private static double mean(double[][] x) {
        double sum = 0;
        for (double[] row : x) {
            for (double v : row) {
                sum += v;
            }
        }
        return sum / (x.length * x[0].length);
    }
}
