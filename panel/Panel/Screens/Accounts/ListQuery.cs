using Hikyaku.Panel.Parts;

namespace Hikyaku.Panel.Screens.Accounts;

/// <summary>How the list of accounts is asked for; all of it stands in its address. What the platform does not know is left out.</summary>
/// <param name="Query">Part of an address or comment.</param>
/// <param name="Status">Which accounts; null: all.</param>
/// <param name="Sort">The column that sorts; null: by address.</param>
/// <param name="Order">desc, or null for ascending.</param>
/// <param name="Limit">Rows of a page; null: 50.</param>
/// <param name="Cursor">Where the page begins.</param>
public sealed record ListQuery(string? Query, string? Status, string? Sort, string? Order, string? Limit, string? Cursor)
{
    /// <summary>Rows of a page that can be chosen.</summary>
    public static readonly IReadOnlyList<string> Limits = ["20", "50", "100", "200"];

    private static readonly string[] Statuses = ["normal", "restricted", "password-forcibly-changed"];
    private static readonly string[] Sorts = ["address", "usedMb", "createdAt"];

    /// <summary>Reads it from an address that somebody may have written.</summary>
    public static ListQuery Read(string? query, string? status, string? sort, string? order, string? limit, string? cursor) => new(
        Set(query?.Trim()), Known(Statuses, status), Known(Sorts, sort) is "address" ? null : Known(Sorts, sort), order == "desc" ? "desc" : null,
        Known(Limits, limit) is "50" ? null : Known(Limits, limit), Set(cursor));

    /// <summary>Whether something narrows the list.</summary>
    public bool IsNarrowed => Query is not null || Status is not null;

    /// <summary>The address of the list.</summary>
    public string Page(string domain) => $"/domains/{domain}/accounts" + Urls.Query(("query", Query), ("status", Status), ("sort", Sort), ("order", Order), ("limit", Limit), ("cursor", Cursor));

    /// <summary>The call that answers it.</summary>
    public string Call(string domain)
        => Urls.Api($"domains/{domain}/accounts") + Urls.Query(("query", Query), ("status", Status), ("sort", Sort), ("order", Order), ("limit", Limit ?? "50"), ("cursor", Cursor));

    private static string? Set(string? text) => string.IsNullOrEmpty(text) ? null : text;

    private static string? Known(IEnumerable<string> values, string? value) => values.Contains(value) ? value : null;
}
