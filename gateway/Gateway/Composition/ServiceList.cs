using System.Text.Json.Nodes;

namespace Hikyaku.Gateway.Composition;

/// <summary>
/// One service's list, read page by page from a place on. The place names the last item that was shown, not a number of items:
/// new ones that have come to the top of the first page meanwhile neither repeat nor hide another.
/// </summary>
/// <param name="service">Whose list it is.</param>
/// <param name="place">Where to go on.</param>
/// <param name="timeField">The field by which the list is sorted, newest first.</param>
/// <param name="ask">Asks the service for the page at a cursor.</param>
internal sealed class ServiceList(string service, Place place, string timeField, Func<string, string?, Task<ServiceAnswer>> ask)
{
    private const int MostPages = 20; // of one answer; the next goes on from there
    private readonly Queue<JsonNode> _items = [];
    private Place _place = place;
    private bool _isSeeking = place.Id is not null; // the last item that was shown
    private string? _next;
    private int _pages;

    public string Service => service;

    /// <summary>The service's answer to the newest question.</summary>
    public ServiceAnswer Answer { get; private set; } = ServiceAnswer.None(service);

    /// <summary>The time of the next item; null when there is none.</summary>
    public DateTimeOffset? Time => _items.TryPeek(out var item) ? TimeOf(item) : null;

    /// <summary>Where to go on after what was taken; null when there is no more.</summary>
    public Place? Place => !Answer.IsThere || _items.Count > 0 ? _place : _next is null ? null : new(_next);

    /// <summary>Reads on until there is an item, or no more.</summary>
    public async Task FillAsync()
    {
        while (_items.Count == 0 && _pages < MostPages && (_pages == 0 || (_next is not null && Answer.IsOk)))
        {
            if (_pages++ > 0) _place = _isSeeking ? _place with { Page = _next } : new(_next);
            Answer = await ask(service, _place.Page);
            if (Answer.IsOk) Keep(JsonNode.Parse(Answer.Body)!.AsObject());
        }
    }

    /// <summary>Takes the next item.</summary>
    public JsonNode Take()
    {
        var item = _items.Dequeue();
        _place = _place with { Id = item["id"]!.GetValue<string>(), At = TimeOf(item) };
        return item;
    }

    private void Keep(JsonObject page)
    {
        _next = page["next"]?.GetValue<string>();
        var items = page["items"]!.AsArray().Select(i => i!).ToList();
        page["items"]!.AsArray().Clear(); // so that they can stand in another answer
        foreach (var item in items.Skip(_isSeeking ? Shown(items) : 0)) _items.Enqueue(item);
        _isSeeking &= _items.Count == 0;
    }

    // How many of a page's first items were shown already, or came after the first page was read. If the last one shown is on
    // no page any more, time decides.
    private int Shown(List<JsonNode> items)
    {
        var last = items.FindIndex(i => i["id"]!.GetValue<string>() == _place.Id);
        if (last < 0) return items.TakeWhile(i => TimeOf(i) > _place.At).Count();
        _isSeeking = false;
        return last + 1;
    }

    private DateTimeOffset TimeOf(JsonNode item) => item[timeField]!.GetValue<DateTimeOffset>();
}
