/**
 * Picture files: the formats, and a picture of any size as network input ({@link dev.residual.picture.Photo}). The same
 * code reads pictures for training and for prediction.
 */
package dev.residual.picture;
