/** In the corner of the canvas: a small map of the whole scene, on which a click or drag goes there, and zoom. */
import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Signal } from '@preact/signals';
import type { Rect } from '../graph/camera.ts';
import type { GraphController } from '../graph/controller.ts';
import { isAllInView, mapCamera, mapOf, windowOnMap } from '../graph/minimap.ts';
import { Renderer, type Picture } from '../graph/renderer.ts';

interface Props {
  controller: RefObject<GraphController | null>;
  picture: Signal<Picture | null>;
  window: Signal<Rect | null>;
  folded: Signal<boolean>;
}

export function Corner(props: Props) {
  const { controller } = props;
  return (
    <div class="corner">
      <Minimap {...props} />
      <span class="zoom">
        <button
          type="button"
          title="Zoom out (−)"
          aria-label="Zoom out"
          onClick={() => controller.current?.zoomBy(1 / ZOOM, false)}
        >
          −
        </button>
        <button
          type="button"
          title="Zoom in (+)"
          aria-label="Zoom in"
          onClick={() => controller.current?.zoomBy(ZOOM, false)}
        >
          +
        </button>
        <button type="button" title="Fit everything (f)" onClick={() => controller.current?.fitAll()}>
          Fit
        </button>
      </span>
    </div>
  );
}

const ZOOM = 1.35;

function Minimap({ controller, picture, window, folded }: Props) {
  const scene = picture.value?.drawing.scene;
  if (scene === undefined || window.value === null || isAllInView(scene, window.value)) return null;
  const map = mapOf(scene);
  const view = windowOnMap(map, window.value);
  const go = (event: PointerEvent & { currentTarget: HTMLElement }): void => {
    if (event.buttons !== 1) return;
    const box = event.currentTarget.getBoundingClientRect();
    controller.current?.centerOn(
      (event.clientX - box.left) / map.scale,
      (event.clientY - box.top) / map.scale,
    );
  };
  return (
    <div class="minimap">
      <button
        type="button"
        class="plain"
        title={folded.value ? 'Show the map (v)' : 'Hide the map (v)'}
        aria-expanded={!folded.value}
        onClick={() => (folded.value = !folded.value)}
      >
        Map {folded.value ? '▴' : '▾'}
      </button>
      {!folded.value && (
        // Arrow keys with Shift move the picture too, so the map is for pointers only.
        <div
          class="map"
          aria-hidden="true"
          style={{ width: `${map.width}px`, height: `${map.height}px` }}
          onPointerDown={(event) => {
            event.currentTarget.setPointerCapture(event.pointerId);
            go(event);
          }}
          onPointerMove={go}
        >
          <MapCanvas picture={picture} />
          <div
            class="map-window"
            style={{
              transform: `translate(${view.x}px, ${view.y}px)`,
              width: `${view.width}px`,
              height: `${view.height}px`,
            }}
          />
        </div>
      )}
    </div>
  );
}

/** Between two drawings of the map: it follows the picture, but not in every frame. */
const PAUSE_MS = 150;

function MapCanvas({ picture }: { picture: Signal<Picture | null> }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const renderer = useRef<Renderer | null>(null);
  const wait = useRef(0);
  const { value } = picture;
  useEffect(() => {
    const draw = (): void => {
      if (canvas.current === null || value === null) return;
      const map = mapOf(value.drawing.scene);
      const pixelRatio = devicePixelRatio;
      canvas.current.width = Math.round(map.width * pixelRatio);
      canvas.current.height = Math.round(map.height * pixelRatio);
      renderer.current ??= new Renderer(canvas.current);
      renderer.current.drawMap(value, { camera: mapCamera(map), viewport: map, pixelRatio });
    };
    wait.current = setTimeout(draw, renderer.current === null ? 0 : PAUSE_MS) as unknown as number;
    return () => clearTimeout(wait.current);
  }, [value]);
  return <canvas ref={canvas} />;
}
