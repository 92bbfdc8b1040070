/**
 * Several processes that train one network: who they are, how they meet, what they do together, and how a lost one is
 * noticed. It is libtorch's c10d ({@code TCPStore}, {@code ProcessGroupGloo}); nothing here knows what is trained.
 */
package dev.residual.distributed;
