using System.Globalization;
using Hikyaku.Platform;
using Microsoft.AspNetCore.Http;

namespace Hikyaku.Gateway.Tests.Integration;

/// <summary>Answers a list newest first, page by page, as services do; items can come to its top at any time.</summary>
public sealed class StandInList(string service, string timeField)
{
    private readonly Lock _lock = new();
    private readonly List<(DateTimeOffset At, string Id)> _items = [];

    public void Add(DateTimeOffset at) => Add(at, $"{service}-{Guid.NewGuid():N}");

    public string Add(DateTimeOffset at, string id)
    {
        lock (_lock)
        {
            _items.Add((at, id));
            _items.Sort((a, b) => b.CompareTo(a));
        }

        return id;
    }

    public void Remove(string id)
    {
        lock (_lock) _items.RemoveAll(i => i.Id == id);
    }

    public IReadOnlyList<string> Ids
    {
        get
        {
            lock (_lock) return [.. _items.Select(i => i.Id)];
        }
    }

    public Task AnswerAsync(HttpContext http)
    {
        var limit = int.Parse(http.Request.Query["limit"].FirstOrDefault() ?? "50", CultureInfo.InvariantCulture);
        if (limit is < 1 or > 500) return Problems.Of(PlatformProblems.BadParameter, "limit", ("name", "limit")).ExecuteAsync(http);
        Assert.True(Cursor.TryRead(http.Request.Query["cursor"], out var cursor));
        lock (_lock)
        {
            var from = cursor is null ? 0 : _items.FindIndex(i => i.CompareTo((DateTimeOffset.Parse(cursor.Value, CultureInfo.InvariantCulture), cursor.Key)) < 0);
            var page = from < 0 ? [] : _items.Skip(from).Take(limit).ToList();
            var next = from >= 0 && from + limit < _items.Count ? new Cursor(page[^1].At.ToString("O", CultureInfo.InvariantCulture), page[^1].Id, false).ToString() : null;
            return new Answer(200, new Page<Dictionary<string, object>>([.. page.Select(i => new Dictionary<string, object> { ["id"] = i.Id, [timeField] = i.At })], next)).ExecuteAsync(http);
        }
    }
}
