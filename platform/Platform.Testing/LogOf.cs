using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Hikyaku.Platform.Testing;

/// <summary>All that a service in this process logs, from trace level on.</summary>
public sealed class LogOf : ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<string> _lines = new();

    /// <summary>Begins to listen; what is logged before is not heard.</summary>
    public LogOf(ILoggerFactory factory)
    {
        ArgumentNullException.ThrowIfNull(factory);
        factory.AddProvider(this);
    }

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => this;

    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull
    {
        _lines.Enqueue($"{state}");
        return null;
    }

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => true;

    /// <inheritdoc/>
    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        ArgumentNullException.ThrowIfNull(formatter);
        _lines.Enqueue($"{formatter(state, exception)} {exception}");
    }

    /// <summary>Everything, a line each.</summary>
    public override string ToString() => string.Join('\n', _lines);

    /// <inheritdoc/>
    public void Dispose()
    {
        // nothing is held
    }
}
