using System.Globalization;
using Hikyaku.Copier;

namespace Hikyaku.DataCopy.Work;

/// <summary>How copies are done.</summary>
public sealed class WorkerSettings
{
    /// <summary>Reads them.</summary>
    public WorkerSettings(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        AtOnce = configuration.GetValue("Hikyaku:CopyJobs", 2);
        var copy = configuration.GetSection("Hikyaku:Copy");
        PerHost = copy.GetValue("PerHost", 2);
        Lease = TimeSpan.FromSeconds(copy.GetValue("LeaseSeconds", 15.0));
        Turn = TimeSpan.FromSeconds(copy.GetValue("TurnSeconds", 600.0));
        Grant = TimeSpan.FromMinutes(copy.GetValue("GrantMinutes", 360.0));
        FirstPause = TimeSpan.FromSeconds(copy.GetValue("PauseSeconds", 30.0));
        Pauses = copy.GetValue("Pauses", 8);
        NodeWait = TimeSpan.FromSeconds(copy.GetValue("NodeWaitSeconds", 30.0));
        Copier = new CopySettings { Attempts = 3, FirstPause = TimeSpan.FromSeconds(copy.GetValue("RetrySeconds", 2.0)), MaxMessageBytes = copy.GetValue("MaxMessageBytes", 100L * 1024 * 1024) };
        Allow = configuration["Hikyaku:CopyAllow"];
        (DestinationHost, DestinationPort) = Place(configuration["Hikyaku:CopyDestination"] ?? throw new InvalidOperationException("Hikyaku:CopyDestination is not set"));
        DestinationTls = copy.GetValue("DestinationTls", false);
    }

    /// <summary>How many copies an instance does at a time (<c>Hikyaku:CopyJobs</c>); with 0 other instances do them all.</summary>
    public int AtOnce { get; }

    /// <summary>How many copies all instances together do from one source host at a time (<c>Hikyaku:Copy:PerHost</c>).</summary>
    public int PerHost { get; }

    /// <summary>How long a worker has a copy without renewing its lease (<c>Hikyaku:Copy:LeaseSeconds</c>).</summary>
    public TimeSpan Lease { get; }

    /// <summary>How long a copy goes on while others wait; then it is the next one's turn (<c>Hikyaku:Copy:TurnSeconds</c>).</summary>
    public TimeSpan Turn { get; }

    /// <summary>For how long a worker may write into a mailbox; extended while it works (<c>Hikyaku:Copy:GrantMinutes</c>).</summary>
    public TimeSpan Grant { get; }

    /// <summary>The first pause of a copy; each further one is twice as long (<c>Hikyaku:Copy:PauseSeconds</c>).</summary>
    public TimeSpan FirstPause { get; }

    /// <summary>How many pauses in a row, without a message copied in between, a copy makes before it fails (<c>Hikyaku:Copy:Pauses</c>).</summary>
    public int Pauses { get; }

    /// <summary>How long it is waited until mail nodes let the worker in (<c>Hikyaku:Copy:NodeWaitSeconds</c>); then it is tried.</summary>
    public TimeSpan NodeWait { get; }

    /// <summary>The copier's own bounds (<c>Hikyaku:Copy:RetrySeconds</c>, <c>Hikyaku:Copy:MaxMessageBytes</c>).</summary>
    public CopySettings Copier { get; }

    /// <summary>Networks that may be sources though they are not public (<c>Hikyaku:CopyAllow</c>, CPY-8).</summary>
    public string? Allow { get; }

    /// <summary>The IMAP server of the mail nodes (<c>Hikyaku:CopyDestination</c>, HOST:PORT).</summary>
    public string DestinationHost { get; }

    /// <summary>Its port.</summary>
    public int DestinationPort { get; }

    /// <summary>Whether it has TLS from the first byte (<c>Hikyaku:Copy:DestinationTls</c>).</summary>
    public bool DestinationTls { get; }

    /// <summary>How long a copy pauses after so many pauses in a row; no longer than 15 minutes.</summary>
    public TimeSpan PauseAfter(int pauses)
    {
        var pause = FirstPause * Math.Pow(2, Math.Min(pauses, 10));
        return pause < LongestPause ? pause : LongestPause;
    }

    private static TimeSpan LongestPause { get; } = TimeSpan.FromMinutes(15);

    private static (string Host, int Port) Place(string text)
    {
        var colon = text.LastIndexOf(':');
        return colon > 0 && int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            ? (text[..colon].Trim('[', ']'), port)
            : throw new InvalidOperationException("Hikyaku:CopyDestination must be HOST:PORT");
    }
}
