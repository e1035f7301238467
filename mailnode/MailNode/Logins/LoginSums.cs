using System.Net;
using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform;

namespace Hikyaku.MailNode;

/// <summary>
/// Puts logins together when there are too many to keep each. Every login stays counted; what is given up first is the last
/// part of the address, then the address with password and client, then whose login it was and why it failed: passwords are guessed
/// from very many places, by very many names, but not by many protocols.
/// </summary>
public static class LoginSums
{
    private static readonly Func<LoginObserved, LoginObserved>[] CoarserAndCoarser =
    [
        l => l with { Source = NetworkOf(l.Source) },
        l => l with { Source = null, Password = null, Client = null },
        // Without login and address nobody asks why it failed.
        l => l with { Source = null, Password = null, Client = null, AccountId = null, Login = null, Failure = null },
    ];

    /// <summary>The same logins in fewer entries, in the order of their first.</summary>
    /// <param name="logins">Some.</param>
    /// <param name="most">How many entries may be left; at least 16, as many as there are protocols with and without TLS and success.</param>
    public static List<LoginObserved> Of(IEnumerable<LoginObserved> logins, int most)
    {
        ArgumentNullException.ThrowIfNull(logins);
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 16);
        var sums = logins.ToList();
        foreach (var coarser in CoarserAndCoarser)
        {
            sums = [.. sums.Select(coarser).GroupBy(l => (l.AccountId, l.Login, l.Source, l.Protocol, l.Tls, l.Success, l.Password, l.Client, l.Failure)).Select(Sum).OrderBy(l => l.At)];
            if (sums.Count <= most) return sums;
        }

        return sums;
    }

    // Of a network, itself.
    private static string? NetworkOf(string? source) => IPAddress.TryParse(source, out var address) ? ClientNetwork.Of(address) : source;

    private static LoginObserved Sum(IEnumerable<LoginObserved> alike)
    {
        var all = alike.ToList();
        return all[0] with { At = all.Min(l => l.At), Until = all.Max(l => l.Until), Count = all.Sum(l => l.Count) };
    }
}
