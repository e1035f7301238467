using Hikyaku.Panel.Parts;

namespace Hikyaku.Panel.Screens.Accounts;

/// <summary>Where one goes when a deletion has begun.</summary>
public static class Deletions
{
    /// <summary>From so many accounts on their number must be typed.</summary>
    public const int Many = 10;

    /// <summary>The job's page.</summary>
    public static string After(JobBegun job, string domain, int accounts)
    {
        ArgumentNullException.ThrowIfNull(job);
        var page = $"/jobs/{job.Id}";
        return ScreenRoutes.Have(page) ? page : $"/domains/{domain}/accounts" + Urls.Query(("deleted", Format.Number(accounts)));
    }
}
