/**
 * Picture files: the formats, and a picture of any size as a network looks at it ({@link dev.residual.picture.Photo}). What
 * is shown to a network that was trained and what it is trained on are read by the same code.
 */
package dev.residual.picture;
