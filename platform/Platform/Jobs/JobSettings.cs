using Microsoft.Extensions.Configuration;

namespace Hikyaku.Platform;

/// <summary>How jobs are worked on. The names with 'Bulk' are those of earlier releases and still count.</summary>
public sealed class JobSettings(IConfiguration configuration)
{
    /// <summary>How many jobs an instance works on at a time (<c>Hikyaku:JobsAtOnce</c>); with 0 other instances do them all.</summary>
    public int AtOnce { get; } = configuration.GetValue("Hikyaku:JobsAtOnce", configuration.GetValue("Hikyaku:BulkJobsAtOnce", 2));

    /// <summary>How long a worker has a job without renewing its lease (<c>Hikyaku:JobLeaseSeconds</c>).</summary>
    public TimeSpan Lease { get; } = TimeSpan.FromSeconds(configuration.GetValue("Hikyaku:JobLeaseSeconds", configuration.GetValue("Hikyaku:BulkLeaseSeconds", 15.0)));

    /// <summary>How long a running job may stand still, of kinds that are given up (<c>Hikyaku:JobPatienceMinutes</c>).</summary>
    public TimeSpan Patience { get; } = TimeSpan.FromMinutes(configuration.GetValue("Hikyaku:JobPatienceMinutes", 60.0));
}
