package dev.residual.data;

import dev.residual.ResidualException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The proxy of {@code HTTPS_PROXY} and {@code NO_PROXY}, as curl and Python read them; Java itself does not. */
final class EnvironmentProxy extends ProxySelector {
    private static final int HTTP_PORT = 80;

    private final Map<String, String> environment;

    EnvironmentProxy(Map<String, String> environment) {
        this.environment = environment;
    }

    @Override
    public List<Proxy> select(URI uri) {
        String proxy = variable(uri.getScheme() + "_proxy");
        if (proxy.isEmpty() || isExcepted(uri.getHost())) {
            return ProxySelector.getDefault().select(uri); // -Dhttps.proxyHost, or none
        }
        String address = proxy.contains("://") ? proxy : "http://" + proxy;
        try {
            URI at = URI.create(address);
            ResidualException.require(
                    at.getUserInfo() == null,
                    "HTTPS_PROXY has a user's name and password, which cannot be used: expected http://HOST:PORT");
            if (at.getScheme().equals("http") && at.getHost() != null) {
                int port = at.getPort() < 0 ? HTTP_PORT : at.getPort();
                return List.of(new Proxy(Proxy.Type.HTTP, new InetSocketAddress(at.getHost(), port)));
            }
        } catch (IllegalArgumentException e) {
            // told of below
        }
        throw new ResidualException(
                "the proxy " + proxy.replaceFirst(".*@", "…@") + ": expected http://HOST:PORT in HTTPS_PROXY");
    }

    /** {@code NO_PROXY=localhost,.example.org} or {@code *}. */
    private boolean isExcepted(String host) {
        for (String exception : variable("no_proxy").split("[,\\s]+")) {
            String domain = exception.replaceFirst("^\\*?\\.", "");
            if (exception.equals("*") || !domain.isEmpty() && (host.equals(domain) || host.endsWith("." + domain))) {
                return true;
            }
        }
        return false;
    }

    private String variable(String name) {
        String small = environment.getOrDefault(name, "");
        return small.isEmpty() ? environment.getOrDefault(name.toUpperCase(Locale.ROOT), "") : small;
    }

    @Override
    public void connectFailed(URI uri, SocketAddress address, IOException e) {
        // The client tells of it.
    }
}
