namespace Hikyaku.Panel.Api;

/// <summary>A page of a list.</summary>
/// <param name="Items">Its rows.</param>
/// <param name="Next">Where the next page begins; null on the last one.</param>
/// <param name="Prev">Where the page before begins; null on the first one.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, string? Next, string? Prev = null);
