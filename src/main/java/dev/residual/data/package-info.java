/**
 * Images and their classes ({@link dev.residual.data.Dataset}): CIFAR, folders of pictures and a generated set; how they are
 * found, downloaded, split, normalised and augmented; and the minibatches that training takes. How a picture file is decoded
 * is in {@code picture}.
 */
package dev.residual.data;
